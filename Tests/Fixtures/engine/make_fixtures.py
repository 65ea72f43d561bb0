#!/usr/bin/env python3
"""Makes the engine's fixtures beside this file: what PyTorch and TensorFlow compute for networks, losses, gradients, Adam steps
and picture preprocessing.

usage: make_fixtures.py        (needs numpy, torch, tensorflow-cpu)

Networks and pictures come from the engine's counter-based generator (philox.py), so they are not stored. The truth is PyTorch in
double precision; beside it stands the error of PyTorch in single precision, which is what a tolerance is derived from.
"""

import json
import pathlib

import numpy as np
import tensorflow as tf
import torch
from torch.nn import functional as F

import philox
from networks import SqueezeNet

HERE = pathlib.Path(__file__).parent
SEED = 0x5EED_0F_5C4E1
EPOCH = 3
ADAM_STEPS = 10
SAMPLES = 256

# architecture, bypass, classes, input size, pictures
CASES = [
    ("squeezenet-cifar", "none", 10, 32, 12),
    ("squeezenet-cifar", "simple", 7, 24, 3),
    ("squeezenet-cifar", "complex", 100, 33, 2),
    ("squeezenet-1.0", "none", 10, 32, 2),
    ("squeezenet-1.0", "simple", 10, 67, 1),
    ("squeezenet-1.0", "complex", 1000, 80, 1),
    ("squeezenet-1.1", "none", 1000, 79, 1),
    ("squeezenet-1.1", "simple", 10, 32, 2),
    ("squeezenet-1.1", "complex", 17, 64, 2),
    ("squeezenet-1.0", "none", 1000, 224, 1),
    ("squeezenet-1.1", "none", 1000, 224, 1),
]


def set_weights(model: torch.nn.Module) -> None:
    """Glorot-uniform weights as TensorFlow defines them; biases uniform in [-0.1, 0.1) so that they show."""
    for index, parameter in enumerate(model.parameters()):
        u = philox.uniform(SEED, philox.WEIGHTS, 0, index, parameter.numel())
        if parameter.dim() == 4:
            filters, inputs, height, width = parameter.shape
            limit = np.float32(np.sqrt(6 / (height * width * (inputs + filters))))
        else:
            limit = np.float32(0.1)
        values = limit * (np.float32(2) * u - np.float32(1))
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values.reshape(parameter.shape)))


def standardized(index: int, size: int) -> np.ndarray:
    image = philox.picture(index, size).transpose(1, 2, 0)
    return tf.image.per_image_standardization(tf.constant(image)).numpy().transpose(2, 0, 1)


def keep_mask(channels: int, size: int, pictures: int) -> np.ndarray:
    """The engine's dropout: one bit for each value of [channels/16][pixels][16]."""
    count = channels * size * size
    masks = [
        philox.bits(SEED, philox.DROPOUT, EPOCH, index, count)
        .reshape(channels // 16, size * size, 16).transpose(0, 2, 1).reshape(channels, size, size)
        for index in range(pictures)
    ]
    return np.stack(masks)


def gradients(model, x, labels, keep):
    model.zero_grad()
    loss = F.cross_entropy(model(x, keep), labels)
    loss.backward()
    return loss.item(), [p.grad.numpy().copy() for p in model.parameters()]


def adam_run(model, x, labels, noise=None):
    """Ten steps without dropout: PyTorch's gradients, TensorFlow's own Adam (its kernel; Keras rounds powers of beta).

    `noise` is a relative error to add to each tensor's gradient: what such an error does to the weights.
    """
    random = np.random.default_rng(0)
    dtype = "float64" if next(model.parameters()).dtype == torch.float64 else "float32"
    constant = lambda value: tf.constant(value, dtype=dtype)
    beta1, beta2 = (float(np.dtype(dtype).type(beta)) for beta in (0.9, 0.999))
    variables, means, squares = (
        [tf.Variable(p.detach().numpy() * scale, dtype=dtype) for p in model.parameters()] for scale in (1, 0, 0))
    losses = []
    for step in range(1, ADAM_STEPS + 1):
        loss, grads = gradients(model, x, labels, None)
        losses.append(loss)
        if noise is not None:
            grads = [
                g + random.standard_normal(g.shape) * size * np.linalg.norm(g) / np.sqrt(g.size)
                for g, size in zip(grads, noise)]
        for parameter, variable, mean, square, gradient in zip(model.parameters(), variables, means, squares, grads):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=mean.handle, v=square.handle, beta1_power=constant(beta1**step),
                beta2_power=constant(beta2**step), lr=constant(1e-3), beta1=constant(beta1), beta2=constant(beta2),
                epsilon=constant(1e-8), grad=constant(gradient))
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(variable.numpy()))
    return losses, [v.numpy() for v in variables]


def relative(error: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm(error) / max(np.linalg.norm(truth), 1e-30))


def sample(values: np.ndarray) -> np.ndarray:
    """At most SAMPLES values, evenly spread: every `stride`-th."""
    stride = -(-values.size // SAMPLES)
    return values.ravel()[::stride].astype("<f4")


def network_case(architecture, bypass, classes, size, pictures) -> None:
    name = f"{architecture}-{bypass}-{classes}-{size}"
    full = name == "squeezenet-cifar-none-10-32"
    single = SqueezeNet(architecture, bypass, classes, size)
    set_weights(single)
    double = SqueezeNet(architecture, bypass, classes, size).double()
    double.load_state_dict(single.state_dict())
    x = torch.from_numpy(np.stack([standardized(i, size) for i in range(pictures)]))
    labels = torch.tensor([(3 * i + 1) % classes for i in range(pictures)])

    with torch.no_grad():
        features = single.features(x).shape
        logits, logits32 = double(x.double()).numpy(), single(x).numpy()
    keep = torch.from_numpy(keep_mask(features[1], features[2], pictures).astype("f4"))
    loss, grads = gradients(double, x.double(), labels, keep.double())
    _, grads32 = gradients(single, x, labels, keep)

    blob, tensors = [], []
    for (parameter_name, parameter), truth, found in zip(single.named_parameters(), grads, grads32):
        blob.append(truth.ravel().astype("<f4") if full else sample(truth))
        tensors.append({
            "name": parameter_name, "shape": list(parameter.shape), "norm": float(np.linalg.norm(truth)),
            "torchError": relative(found - truth, truth),
        })
    case = {
        "architecture": architecture, "bypass": bypass, "classes": classes, "size": size, "seed": SEED, "epoch": EPOCH,
        "labels": labels.tolist(), "logits": logits.ravel().tolist(),
        "torchLogitError": float(abs(logits32 - logits).max() / abs(logits).max()),
        "loss": float(F.cross_entropy(torch.from_numpy(logits), labels)), "dropoutLoss": loss,
        "isFull": full, "samples": SAMPLES, "tensors": tensors,
    }
    if full:
        probabilities = F.softmax(torch.from_numpy(logits), 1).numpy()
        noisy = SqueezeNet(architecture, bypass, classes, size).double()
        noisy.load_state_dict(double.state_dict())
        _, plain = gradients(double, x.double(), labels, None)
        _, plain32 = gradients(single, x, labels, None)
        allowed = [3 * relative(a - b, b) for a, b in zip(plain32, plain)]
        losses, after = adam_run(double, x.double(), labels)
        _, after_noise = adam_run(noisy, x.double(), labels, allowed)
        blob += [w.ravel().astype("<f4") for w in after]
        case |= {
            "probabilities": probabilities.ravel().tolist(), "adamLosses": losses,
            "adamNoise": [relative(a - b, b) for a, b in zip(after_noise, after)],
        }
    (HERE / f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")
    (HERE / f"{name}.bin").write_bytes(b"".join(b.tobytes() for b in blob))
    print(name, sum(b.nbytes for b in blob), "bytes", "loss", loss)


def preprocessing_cases() -> None:
    """tf.image.resize_with_crop_or_pad, then tf.image.per_image_standardization; also a flat picture, whose deviation is 0."""
    cases, blob = [], []
    for source, size, flat in [(32, 32, False), (32, 24, False), (32, 27, False), (28, 32, False), (29, 32, False), (32, 32, True)]:
        picture = np.full((3, source, source), 7, np.uint8) if flat else philox.picture(source + size, source)
        image = tf.image.resize_with_crop_or_pad(tf.constant(picture.transpose(1, 2, 0)), size, size)
        blob.append(tf.image.per_image_standardization(image).numpy().astype("<f4"))
        cases.append({"source": source, "size": size, "isFlat": flat})
    (HERE / "preprocessing.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    (HERE / "preprocessing.bin").write_bytes(b"".join(b.tobytes() for b in blob))


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    preprocessing_cases()
    for arguments in CASES:
        network_case(*arguments)
