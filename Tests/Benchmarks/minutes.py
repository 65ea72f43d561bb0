#!/usr/bin/env python3
"""How long a training takes that comes to 80 % on CIFAR-10: `--recipe quick` by a real daemon, and PyTorch with the same recipe
(recipe_torch.py), in turns. 5,000 pictures are held out and measured after each epoch by both.

    .venv/bin/python Tests/Benchmarks/minutes.py .build/release CIFAR PYTHON [--epochs 6] [--rounds 3]

CIFAR is a folder with CIFAR-10's binary batches, PYTHON one that has PyTorch (make bench: .venv-bench/bin/python).
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import List, Tuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients/python/tests"), str(ROOT / "clients/python")]

import sqzd  # noqa: E402
from real_daemon import RealDaemon  # noqa: E402

HELD_OUT = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries", type=Path)
    parser.add_argument("cifar", type=Path)
    parser.add_argument("python", type=Path)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    seconds: List[Tuple[float, float]] = []
    with RealDaemon(arguments.binaries) as daemon, sqzd.Client(daemon.socket) as client:
        client.import_dataset(arguments.cifar, name="cifar")
        share = HELD_OUT / client.dataset("cifar").train
        for seed in range(1, arguments.rounds + 1):
            start = time.monotonic()
            job = client.train(
                "cifar", epochs=arguments.epochs, recipe="quick", validation_share=share, seed=seed, keep="last"
            )
            told = [event.progress for event in job.watch() if event.progress]
            ours = time.monotonic() - start
            assert job.show().state == "succeeded", job.show().reason
            accuracy = next(p.validation_accuracy for p in reversed(told) if p.validation_accuracy is not None)
            print(f"sqzd: {accuracy:.2%} after {ours:,.0f} s", flush=True)
            command = [
                *(arguments.python, Path(__file__).with_name("recipe_torch.py"), arguments.cifar),
                *(str(arguments.epochs), str(seed)),
            ]
            accuracy, theirs = map(float, subprocess.check_output(command, text=True).split())
            print(f"PyTorch: {accuracy:.2%} after {theirs:,.0f} s", flush=True)
            seconds.append((ours, theirs))
    ours, theirs = map(statistics.median, zip(*seconds))
    print(f"sqzd {ours / 60:.1f} min, PyTorch {theirs / 60:.1f} min: {theirs / ours:.1f} times")


if __name__ == "__main__":
    main()
