#!/usr/bin/env python3
"""One peer as a worker: reads a line from standard input, measures for that many seconds, answers the median seconds of a call.

usage: peers.py PEER train|classify|int8 DIRECTORY ARCHITECTURE SIZE CLASSES BATCH THREADS

DIRECTORY holds weights.bin, input.bin (standardized, N x 3 x SIZE x SIZE) and logits.bin, as `sqz-bench export` writes them. Before
the first measurement the logits are compared with ours, those of eight bits and of a peer's own precision more generously.
"""

import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Fixtures/engine"))

PEER, MODE, DIRECTORY, ARCHITECTURE = sys.argv[1:5]
SIZE, CLASSES, BATCH, THREADS = map(int, sys.argv[5:9])
FOLDER = pathlib.Path(DIRECTORY)
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def read(name: str, *shape: int) -> np.ndarray:
    return np.fromfile(FOLDER / name, "<f4").reshape(shape)


X = read("input.bin", BATCH, 3, SIZE, SIZE)
LOGITS = read("logits.bin", BATCH, CLASSES)
WEIGHTS = read("weights.bin", -1)
LABELS = np.arange(BATCH) % CLASSES


def torch_model():
    import torch
    from networks import SqueezeNet

    torch.set_num_threads(THREADS)
    model = SqueezeNet(ARCHITECTURE, "none", CLASSES, SIZE)
    offset = 0
    with torch.no_grad():
        for parameter in model.parameters():
            values = WEIGHTS[offset : offset + parameter.numel()]
            parameter.copy_(torch.from_numpy(values.reshape(parameter.shape)))
            offset += parameter.numel()
    return model.to(memory_format=torch.channels_last)


def torch_peer():
    import torch
    from torch.nn import functional as F

    model = torch_model()
    x = torch.from_numpy(X).to(memory_format=torch.channels_last)
    if MODE == "classify":
        model.eval()

        def run():
            with torch.inference_mode():
                return model(x).numpy()

        return run
    labels = torch.from_numpy(LABELS)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)

    def step():
        optimizer.zero_grad()
        F.cross_entropy(model.classifier(model.features(x)).flatten(1), labels).backward()
        optimizer.step()

    return step


def onnx_model():
    from onnx_network import build

    return build(ARCHITECTURE, CLASSES, SIZE, BATCH, WEIGHTS).SerializeToString()


def onnxruntime_with(model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"input": X})[0]


def onnxruntime_peer():
    return onnxruntime_with(onnx_model())


def onnxruntime_int8_peer():
    """As its own tool quantizes: static, a scale for each filter, seven bits where eight could overflow."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Calibration(CalibrationDataReader):
        left = [X]

        def get_next(self):
            return {"input": self.left.pop()} if self.left else None

    paths = [FOLDER / name for name in ("float.onnx", "prepared.onnx", "int8.onnx")]
    paths[0].write_bytes(onnx_model())
    quant_pre_process(paths[0], paths[1])
    quantize_static(
        paths[1], paths[2], Calibration(), quant_format=QuantFormat.QDQ, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        reduce_range="vnni" not in pathlib.Path("/proc/cpuinfo").read_text())
    return onnxruntime_with(str(paths[2]))


def openvino_with(change, hints):
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(
        change(core.read_model(onnx_model())), "CPU",
        {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", **hints})
    request = compiled.create_infer_request()
    return lambda: request.infer({0: X}, share_inputs=True)[0]


def openvino_peer():
    return openvino_with(lambda model: model, {"INFERENCE_PRECISION_HINT": "f32"})


def openvino_default_peer():
    """In the precision that it takes of itself: bf16 where there is AMX."""
    return openvino_with(lambda model: model, {})


def openvino_int8_peer():
    """As its own tool quantizes, NNCF."""
    import nncf

    return openvino_with(lambda model: nncf.quantize(model, nncf.Dataset([X])), {})


def ncnn_peer():
    import ncnn
    from ncnn_network import write

    write(ARCHITECTURE, CLASSES, SIZE, WEIGHTS, FOLDER / "ncnn.param", FOLDER / "ncnn.bin")
    net = ncnn.Net()
    net.opt.num_threads = THREADS
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_bf16_storage = False
    net.load_param(str(FOLDER / "ncnn.param"))
    net.load_model(str(FOLDER / "ncnn.bin"))
    inputs = [ncnn.Mat(x).clone() for x in X]

    def run():
        answers = []
        for x in inputs:  # ncnn computes one picture at a time, its threads inside the layers
            extractor = net.create_extractor()
            extractor.input("input", x)
            answers.append(np.array(extractor.extract("output")[1]).ravel().copy())
        return np.stack(answers)

    return run


def tensorflow_peer():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from tensorflow_network import build

    model = build(ARCHITECTURE, CLASSES, SIZE, WEIGHTS)
    x = tf.constant(X.transpose(0, 2, 3, 1))
    labels = tf.constant(LABELS)
    if MODE == "classify":
        run = tf.function(lambda: model(x, training=False))
        return lambda: run().numpy()
    optimizer = tf.keras.optimizers.Adam(1e-3, epsilon=1e-8)
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss(labels, model(x, training=True))
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(value, variables), variables))
        return value

    return lambda: step().numpy()


def main() -> None:
    run = globals()[f"{PEER}_peer"]()
    if MODE != "train":
        error = abs(run() - LOGITS).max() / abs(LOGITS).max()
        # Of networks of random weights, calibrated on what is measured.
        assert error < (1e-4 if MODE == "classify" else 0.1), f"{PEER}: logits differ by {error}"
    for _ in range(3):
        run()
    print("ready", flush=True)
    for line in sys.stdin:
        times = []
        end = time.perf_counter() + float(line)
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        print(sorted(times)[len(times) // 2], min(times), flush=True)


main()
