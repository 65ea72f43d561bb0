#!/usr/bin/env python3
"""Makes the models in this folder, as Keras 3 and Keras 2 (tf_keras) write them, and Keras' logits for each, in logits.json.

    make.py [special]     special makes those in special/ alone

It needs tensorflow-cpu, keras, tf_keras and h5py; the files there were made with Keras 3.15.1 and 2.21.0 and h5py 3.14.

Those called tiny are seeds for the fuzzers. Weights are random, in 16 bits; the picture is that of `picture`, which the tests make
too. Keras sums in 32 bits.
"""

import json
import sys
import zipfile
import zlib
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
import tf_keras

FOLDER = Path(__file__).resolve().parent


def picture(side):
    """Planes of bytes, by a generator that every language has; the channels last."""
    state, values = 1, []
    for _ in range(3 * side * side):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(state >> 16 & 255)
    return np.array(values, np.float32).reshape(3, side, side).transpose(1, 2, 0)[None]


def tutorial_input():
    whole = picture(32)
    return (whole - whole.mean()) / whole.std()


def caffe_input(side):
    return picture(side)[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)


def fire(layers, x, squeeze, expand, name):
    """`name` makes a layer's name of its part's; None gives none."""
    part = name or (lambda part: None)
    x = layers.Conv2D(squeeze, 1, activation="relu", name=part("squeeze1x1"))(x)
    left = layers.Conv2D(expand, 1, activation="relu", name=part("expand1x1"))(x)
    right = layers.Conv2D(expand, 3, padding="same", activation="relu", name=part("expand3x3"))(x)
    return layers.Concatenate(name=part("concat"))([left, right])


def version11(kit, classes, separator="/"):
    """As github.com/rcmalli/keras-squeezenet builds and calls it, but for the softmax."""
    layers = kit.layers
    start = layers.Input((224, 224, 3))
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(start)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    sizes = [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256)]
    for number, (squeeze, expand) in enumerate(sizes, 2):
        x = fire(layers, x, squeeze, expand, lambda part: f"fire{number}{separator}{part}")
        if number in (3, 5):
            x = layers.MaxPooling2D(3, 2, name=f"pool{number}")(x)
    x = layers.Dropout(0.5, name="drop9")(x)
    x = layers.Conv2D(classes, 1, activation="relu", name="conv10")(x)
    return kit.Model(start, layers.GlobalAveragePooling2D()(x))


def cifar(kit, classes, separator):
    """The tutorial's network; without names where there is no separator."""
    layers = kit.layers
    start = layers.Input((32, 32, 3))
    stem, head = ("conv1", "final_conv") if separator else (None, None)
    x = layers.Conv2D(64, 3, padding="same", activation="relu", name=stem)(start)
    x = layers.MaxPooling2D(2, 2)(x)
    for number, (squeeze, expand) in enumerate([(32, 64), (32, 64), (32, 128), (32, 128)], 1):
        name = (lambda part: f"fire{number}{separator}{part}") if separator else None
        x = fire(layers, x, squeeze, expand, name)
        if number == 2:
            x = layers.MaxPooling2D(2, 2)(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(classes, 1, activation="relu", name=head)(x)
    return kit.Model(start, layers.GlobalAveragePooling2D()(x))


class Fire(keras.layers.Layer):
    """Its layers have no names, and its classifier is not the last of the file."""

    def __init__(self, squeeze, expand):
        super().__init__()
        self.squeeze = keras.layers.Conv2D(squeeze, 1, activation="relu")
        self.left = keras.layers.Conv2D(expand, 1, activation="relu")
        self.right = keras.layers.Conv2D(expand, 3, padding="same", activation="relu")

    def call(self, x):
        x = self.squeeze(x)
        return keras.ops.concatenate([self.left(x), self.right(x)], -1)


class SqueezeNetModel(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.conv1 = keras.layers.Conv2D(64, 3, padding="same", activation="relu")
        self.fires = [Fire(32, 64), Fire(32, 64), Fire(32, 128), Fire(32, 128)]
        self.pool = keras.layers.MaxPooling2D(2, 2)
        self.conv2 = keras.layers.Conv2D(classes, 1, activation="relu")

    def call(self, x):
        x = self.pool(self.conv1(x))
        x = self.pool(self.fires[1](self.fires[0](x)))
        return keras.ops.mean(self.conv2(self.fires[3](self.fires[2](x))), (1, 2))


class Tiny(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1 = keras.layers.Conv2D(2, 3)

    def call(self, x):
        return self.conv1(x)


def randomize(model, generator):
    weights = []
    for weight in model.get_weights():
        bound = np.sqrt(6 / np.prod(weight.shape[:3]))
        # Biases without a negative one, so that few logits are the ReLU's zero.
        low, high = (0, 0.3) if weight.ndim == 1 else (-bound, bound)
        weights.append(generator.uniform(low, high, weight.shape).astype(np.float16))
    model.set_weights(weights)
    return weights


# Files that h5py makes and Keras would not: the tutorial's network of 3 classes with every value of a tensor the same, so that the
# files are small.


def shapes(classes):
    yield "conv1", (3, 3, 3, 64)
    channels = 64
    for number, (squeeze, expand) in enumerate([(32, 64), (32, 64), (32, 128), (32, 128)], 1):
        yield f"fire{number}_squeeze1x1", (1, 1, channels, squeeze)
        yield f"fire{number}_expand1x1", (1, 1, squeeze, expand)
        yield f"fire{number}_expand3x3", (3, 3, squeeze, expand)
        channels = 2 * expand
    yield "final_conv", (1, 1, channels, classes)


def write(name, change=None, type="<f4", **storage):
    """`change` gets each weight's path and shape, and the file; where it answers True, it made the weight itself."""
    with h5py.File(FOLDER / "special" / name, "w") as file:
        value = 0
        for layer, shape in shapes(3):
            for path, shape in ((f"{layer}/kernel", shape), (f"{layer}/bias", shape[3:])):
                value += 1
                if change and change(file, path, shape):
                    continue
                if storage:
                    file.create_dataset(path, data=np.full(shape, value), dtype=type, **storage)
                else:
                    # Never written: HDF5 gives the fill value, for which there is one place in the file.
                    file.create_dataset(path, shape, type, fillvalue=value)
    return FOLDER / "special" / name


def at(place, make):
    return lambda file, path, shape: path == place and (make(file, path, shape), True)[1]


def special():
    (FOLDER / "special").mkdir(exist_ok=True)
    kernel, bias = "fire2_squeeze1x1/kernel", "fire2_squeeze1x1/bias"
    write("gzip.h5", type="<f8", compression="gzip", shuffle=True, fletcher32=True)
    write("chunks.h5", at(kernel, lambda file, path, shape: file.create_dataset(path, data=np.full(shape, 9, ">f4"), chunks=(1, 1, 48, 20))))
    write("half.h5", type="<f2", compression="gzip")
    write("lzf.h5", compression="lzf")
    write("nan.h5", at(bias, lambda file, path, shape: file.create_dataset(path, shape, "<f4", fillvalue=np.nan)))
    write("zero.h5", at(kernel, lambda file, path, shape: file.create_dataset(path, shape, "<f4")))
    write("text.h5", at(bias, lambda file, path, shape: file.create_dataset(path, shape, "S8")))
    write("compound.h5", at(bias, lambda file, path, shape: file.create_dataset(path, shape, [("x", "<f4"), ("y", "<f4")])))
    write("integers.h5", at(kernel, lambda file, path, shape: file.create_dataset(path, shape, "i1", fillvalue=1)))
    write("huge.h5", at("final_conv/bias", lambda file, path, shape: file.create_dataset(path, (5 << 30,), "<f4", fillvalue=1)))
    write("larger.h5", at(kernel, lambda file, path, shape: file.create_dataset(path, (1, 1, 1 << 20, 1 << 20), "<f4", fillvalue=1)))

    def link_to_file(file, path, shape):
        file[path] = h5py.ExternalLink("/etc/passwd", "/x")

    def numbers_in_file(file, path, shape):
        file.create_dataset(path, shape, "<f4", external=[("/etc/passwd", 0, 4 * 32)])

    def view(file, path, shape):
        layout = h5py.VirtualLayout(shape, "<f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape)
        file.create_virtual_dataset(path, layout)

    write("link.h5", at(bias, link_to_file))
    write("external.h5", at(bias, numbers_in_file))
    write("view.h5", at(bias, view))

    def bomb(file, path, shape):
        """16 MiB of zeros as the one chunk of 32 KiB."""
        data = file.create_dataset(path, shape, "<f4", chunks=shape, compression="gzip")
        data.id.write_direct_chunk((0, 0, 0, 0), zlib.compress(bytes(16 << 20), 9))

    write("bomb.h5", at(kernel, bomb))

    def loops(file, path, shape):
        """Groups that are in themselves, and links that lead to each other: none of it is a weight."""
        file["fire2_squeeze1x1/parent"] = file["/"]
        file["a"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("/a")
        file["conv1/again"] = file["conv1/kernel"]

    write("loops.h5", lambda file, path, shape: path == "final_conv/bias" and loops(file, path, shape))
    write("deep.h5", at("final_conv/bias", lambda file, path, shape: file.create_group("/".join("x" * 40))))
    write("no-bias.h5", at("final_conv/bias", lambda file, path, shape: None))
    write("dense.h5", at("final_conv/kernel", lambda file, path, shape: file.create_dataset(path, shape[2:], "<f4", fillvalue=1)))
    with h5py.File(FOLDER / "special" / "empty.h5", "w"):
        pass
    # The file's newest form, and a zip archive whose member is no HDF5 file.
    with h5py.File(FOLDER / "special" / "newest.h5", "w", libver="latest") as file:
        for value, (layer, shape) in enumerate(shapes(3)):
            file.create_dataset(f"{layer}/kernel", shape, "<f4", fillvalue=2 * value + 1)
            file.create_dataset(f"{layer}/bias", shape[3:], "<f4", fillvalue=2 * value + 2)
    with zipfile.ZipFile(FOLDER / "special" / "text.keras", "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", "no weights")
    # A whole model, with what Keras says of its layers: every value of the n-th tensor is n/1,000.
    keras.backend.clear_session()
    model = version11(keras, 3, "_")
    with h5py.File(FOLDER / "special" / "weights.h5", "w") as file:
        for value, weight in enumerate(model.weights, 1):
            file.create_dataset(weight.path, weight.shape, "<f4", fillvalue=value / 1000)
    with zipfile.ZipFile(FOLDER / "special" / "layers.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        configuration = {"class_name": "Functional", "config": model.get_config()}
        for name, data in (("config.json", json.dumps(configuration)), ("model.weights.h5", (FOLDER / "special" / "weights.h5").read_bytes())):
            # Of no day, so that the file is the same each time.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    (FOLDER / "special" / "weights.h5").unlink()


def main():
    generator = np.random.default_rng(7)
    logits = {}

    def make(name, kit, build, pixels, save):
        """The same weights in 32 bits, which compute, and in 16, which are written."""
        kit.backend.set_floatx("float32")
        network = build()
        network(pixels)
        weights = randomize(network, generator)
        logits[name] = np.asarray(network(pixels))[0].tolist()
        kit.backend.clear_session()
        kit.backend.set_floatx("float16")
        network = build()
        network(pixels.astype(np.float16))
        network.set_weights(weights)
        save(network, str(FOLDER / name))
        kit.backend.set_floatx("float32")
        kit.backend.clear_session()

    def save_compiled(network, path):
        """With an optimizer's numbers, which have the shapes of weights."""
        network.compile(keras.optimizers.SGD(1e-3, momentum=0.9), "mse")
        network.optimizer.build(network.trainable_variables)
        network.save(path)

    make("keras-squeezenet.h5", tf_keras, lambda: version11(tf_keras, 3), caffe_input(224), lambda network, path: network.save_weights(path))
    make("unnamed.keras", keras, lambda: cifar(keras, 4, None), tutorial_input(), save_compiled)
    make("tutorial.h5", keras, lambda: cifar(keras, 6, "_"), tutorial_input(), save_compiled)
    make("class.weights.h5", keras, lambda: SqueezeNetModel(5), tutorial_input(), lambda network, path: network.save_weights(path))

    tiny = Tiny()
    tiny(np.zeros((1, 8, 8, 3)))
    tiny.save(FOLDER / "tiny.keras")
    start = tf_keras.layers.Input((8, 8, 3))
    tf_keras.Model(start, tf_keras.layers.Conv2D(2, 3, name="fire2/squeeze1x1")(start)).save(str(FOLDER / "tiny.h5"))
    (FOLDER / "logits.json").write_text(json.dumps(logits, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] != ["special"]:
        main()
    special()
