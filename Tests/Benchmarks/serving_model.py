"""What the peers of serving.py serve: an exported model with ONNX Runtime, in batches."""

import os

import numpy as np
import onnxruntime

TOP = 5
BATCH = 32
WORKERS = int(os.environ["SERVING_WORKERS"])


def session():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["SERVING_THREADS"])
    return onnxruntime.InferenceSession(os.environ["SERVING_MODEL"], options, providers=["CPUExecutionProvider"])


def classify(session, pictures):
    (given,) = session.get_inputs()
    batch = np.frombuffer(b"".join(pictures), np.uint8).reshape(-1, *given.shape[1:])
    (scores,) = session.run(["logits"], {given.name: batch})
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    shares = exponentials / exponentials.sum(1, keepdims=True)
    order = np.argsort(-shares, 1)[:, :TOP]
    return [
        [{"index": int(index), "probability": float(share[index])} for index in row] for share, row in zip(shares, order)
    ]
