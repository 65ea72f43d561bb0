#!/usr/bin/env python3
"""Ranks beside threads: the same training as two processes of one thread and as one process of two, in turns, by a real daemon.

    .venv/bin/python Tests/Benchmarks/ranks.py .build/release [--rounds 5] [--batch-size 128] [--recipe strong] [--torch PYTHON]

Prints each run's pictures a second, the ratio of the medians, and what the first rank sent. The pictures are random. With a Python
that has PyTorch (make bench: .venv-bench/bin/python), its DistributedDataParallel takes turns too (ddp.py), to compare with --recipe tutorial.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "clients/python/tests"), str(ROOT / "clients/python")]

import sqzd  # noqa: E402
from real_daemon import RealDaemon  # noqa: E402

WAYS: Dict[str, Dict[str, int]] = {
    "1 rank of 2 threads": {"threads": 2},
    "2 ranks of 1 thread": {"threads": 1, "ranks": 2},
}
TRAIN, TEST = 12_000, 500


def pictures(path: Path, count: int) -> Path:
    """As CIFAR-10's batches are."""
    source = random.Random(count)
    path.write_bytes(b"".join(bytes([index % 10]) + source.randbytes(3072) for index in range(count)))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binaries", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--recipe", default="strong")
    parser.add_argument("--torch", type=Path)
    arguments = parser.parse_args()
    if os.geteuid() == 0:
        os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    rates: Dict[str, List[float]] = {way: [] for way in WAYS}
    others: List[float] = []
    weights = set()
    with RealDaemon(arguments.binaries) as daemon, sqzd.Client(daemon.socket) as client:
        folder = daemon.folder / "random"
        folder.mkdir()
        pictures(folder / "data_batch_1.bin", TRAIN)
        pictures(folder / "test_batch.bin", TEST)
        client.import_dataset(folder)
        for _ in range(arguments.rounds):
            for way, options in WAYS.items():
                job = client.train(
                    "random", epochs=1, batch_size=arguments.batch_size, recipe=arguments.recipe, **options
                )
                seen = [event.progress.images_per_second for event in job.watch() if event.progress]
                ended = job.show()
                assert ended.state == "succeeded", ended.reason
                rates[way].append(statistics.median(rate for rate in seen if rate))
                weights.add(client.model(ended.outcome.model).model.weights_sha256)
                costs = job.logs()[-1]
                print(f"{way}: {rates[way][-1]:,.0f} pictures a second")
                if "ranks" in options:
                    print(f"    {costs}")
            if arguments.torch:
                command = [arguments.torch, Path(__file__).with_name("ddp.py"), str(arguments.batch_size), "3"]
                others.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
                print(f"PyTorch, 2 processes of 1 thread: {others[-1]:,.0f} pictures a second")
    assert len(weights) == 1, "not the same bits"
    one, two = (statistics.median(rates[way]) for way in WAYS)
    print(f"efficiency of two ranks: {two / one:.3f}")
    if others:
        print(f"beside PyTorch: {two / statistics.median(others):.2f} times")


if __name__ == "__main__":
    main()
