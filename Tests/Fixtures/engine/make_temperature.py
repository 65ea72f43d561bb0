#!/usr/bin/env python3
"""Makes temperature.json beside this file: logits, labels, and SciPy's temperature and losses of them.

usage: make_temperature.py        (needs numpy, scipy)

Logits are whole 64ths, so that they are the same numbers everywhere. Labels are drawn from the softmax of the logits by some other
temperature, which the best one comes near to. The truth is Brent's minimum of SciPy's loss, which is as exact as a square root of
rounding: 1e-7.
"""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

HERE = pathlib.Path(__file__).parent
SEED = 20170803

# Pictures, classes, how far logits are spread, and the temperature that labels are drawn by.
CASES = [(120, 10, 2.0, 1.0), (120, 10, 8.0, 3.5), (100, 7, 0.5, 0.2), (40, 40, 30.0, 20.0), (60, 2, 0.02, 0.015), (5, 3, 6.0, 5.0)]


def case(pictures, classes, spread, drawn_by, random):
    whole = np.round(random.normal(0, spread * 64, (pictures, classes))).astype(int)
    logits = whole / 64
    labels = [int(random.choice(classes, p=row)) for row in softmax(logits / drawn_by, axis=1)]

    def loss(factor):
        return -log_softmax(factor * logits, axis=1)[np.arange(pictures), labels].mean()

    found = minimize_scalar(loss, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-12, "maxiter": 10_000})
    assert found.success and 0.011 < found.x < 99
    return {
        "classes": classes,
        "logits64": whole.ravel().tolist(),
        "labels": labels,
        "temperature": 1 / found.x,
        "loss": found.fun,
    }


random = np.random.default_rng(SEED)
cases = [case(*numbers, random) for numbers in CASES]
(HERE / "temperature.json").write_text("[\n" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases) + "\n]\n")
for one in cases:
    print(f"{len(one['labels'])} pictures, {one['classes']} classes: temperature {one['temperature']:.9f}, loss {one['loss']:.9f}")
