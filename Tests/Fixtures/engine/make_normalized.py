#!/usr/bin/env python3
"""Makes normalized.json and normalized.bin beside this file: PyTorch's loss and gradients with batch normalization behind every
convolution of the stem and the fire modules, each group of pictures by itself.

usage: make_normalized.py        (needs numpy, torch)

Networks, weights and pictures are those of make_recipes.py. A normalization has no factor, and for its shift the convolution's bias;
where the engine pools the stem before its ReLU (squeezenet-cifar), it normalizes what the pool leaves. The truth is double precision;
beside it stands what rounding does: PyTorch's own error in single precision, and the worst of some tries in double precision with the
error of the engine's Winograd kernels in the weights, which tips a ReLU or a maximum over now and then.
"""

import json
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

import make_recipes
import philox
from networks import Fire, SqueezeNet

HERE = pathlib.Path(__file__).parent
SAMPLES = 64
SMOOTHING = 0.1
ZERO = 1e-12

# architecture, bypass, classes, input size, pictures, of a group
CASES = [
    ("squeezenet-cifar", "none", 10, 32, 12, 4),
    ("squeezenet-cifar", "complex", 10, 33, 5, 5),
    ("squeezenet-cifar", "simple", 10, 24, 7, 3),
    ("squeezenet-1.0", "simple", 10, 67, 4, 2),
    ("squeezenet-1.0", "none", 10, 32, 3, 3),
    ("squeezenet-1.1", "complex", 17, 64, 3, 2),
]


def normalized(convolution, x):
    y = F.conv2d(x, convolution.weight, None, convolution.stride, convolution.padding)
    return F.batch_norm(y, None, None, None, convolution.bias, training=True, eps=1e-5)


def fire(module, x):
    s = F.relu(normalized(module.squeeze, x))
    # The engine takes both halves' statistics together, channel by channel: it is the same.
    y = torch.cat([F.relu(normalized(module.expand1x1, s)), F.relu(normalized(module.expand3x3, s))], 1)
    if module.adds:
        return y + x
    return y if module.bypass is None else y + normalized(module.bypass, x)


def forward(model, architecture, x):
    stem, _, pool, *rest = model.features
    if architecture == "squeezenet-cifar":
        y = pool(F.conv2d(x, stem.weight, None, stem.stride, stem.padding))
        x = F.relu(F.batch_norm(y, None, None, None, stem.bias, training=True, eps=1e-5))
    else:
        x = pool(F.relu(normalized(stem, x)))
    for module in rest:
        x = fire(module, x) if isinstance(module, Fire) else module(x)
    return model.classifier[1](x).mean((2, 3))


def pixels(index, size):
    picture = philox.picture(index, size).astype(np.float64)
    return ((picture - picture.mean()) / max(picture.std(), 1 / np.sqrt(picture.size))).astype("f4")


def run(case, dtype, noise=None):
    architecture, bypass, classes, size, pictures, group = case
    model = SqueezeNet(architecture, bypass, classes, size)
    make_recipes.set_weights(model)
    model = model.to(dtype)
    if noise is not None:
        random = np.random.default_rng(noise)
        with torch.no_grad():
            for p in model.parameters():
                p *= 1 + make_recipes.WINOGRAD_ERROR * torch.from_numpy(random.standard_normal(p.shape))
    x = torch.from_numpy(np.stack([pixels(i, size) for i in range(pictures)])).to(dtype)
    groups = -(-pictures // group)
    edges = [i * pictures // groups for i in range(groups + 1)]
    logits = torch.cat([forward(model, architecture, x[a:b]) for a, b in zip(edges, edges[1:])])
    labels = torch.tensor([(3 * i + 1) % classes for i in range(pictures)])
    loss = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
    loss.backward()
    return loss.item(), [p.grad.double().numpy() for p in model.parameters()]


def sample(values):
    stride = -(-values.size // SAMPLES)
    return values.ravel()[::stride].astype("<f4")


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    cases, blob = [], []
    for case in CASES:
        loss, gradients = run(case, torch.float64)
        tries = [run(case, torch.float32)[1]] + [run(case, torch.float64, i)[1] for i in range(make_recipes.TRIES)]
        cases.append(dict(zip(("architecture", "bypass", "classes", "size", "pictures", "group"), case)) | {
            "loss": loss, "norms": [float(np.linalg.norm(sample(g))) for g in gradients],
            # The shift of a bypass whose sums only normalized layers read changes nothing.
            "errors": [
                max(float(np.linalg.norm(n - g) / np.linalg.norm(g)) for n in noisy) if np.linalg.norm(g) > ZERO else 0
                for g, noisy in zip(gradients, zip(*tries))]})
        blob += [sample(g) for g in gradients]
        print(case, loss, max(cases[-1]["errors"]))
    (HERE / "normalized.json").write_text(
        json.dumps({"seed": make_recipes.SEED, "samples": SAMPLES, "cases": cases}, separators=(",", ":")) + "\n")
    (HERE / "normalized.bin").write_bytes(b"".join(b.tobytes() for b in blob))
