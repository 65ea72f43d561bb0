"""How long people wait for `classify` while a training runs on all cores, beside how long they wait when none does.

    yielding.py --bin .build/release [--rounds 5] [--seconds 4] [--clients 1]

Prints the median and the 99th percentile of both, taken in turns, and their ratios.
"""

import argparse
import shutil
import statistics
import threading
import time
from pathlib import Path
from typing import List

import pictures
from victim import Victim
from workload import DATA, STUCK_SECONDS, TEST, TRAIN

PICTURE = bytes(range(256)) * 12


def called(victim: Victim, seconds: float, clients: int) -> List[float]:
    """How long each call took, in milliseconds."""
    times: List[float] = []
    lock = threading.Lock()

    def call() -> None:
        with victim.client() as client:
            end = time.monotonic() + seconds
            while (began := time.monotonic()) < end:
                client.classify(PICTURE, model="m")
                with lock:
                    times.append(1000 * (time.monotonic() - began))
                # As people do, not one after the other.
                time.sleep(0.002)

    threads = [threading.Thread(target=call) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(times)


def p99(times: List[float]) -> float:
    return times[len(times) * 99 // 100]


def measure(victim: Victim, rounds: int, seconds: float, clients: int) -> float:
    """The ratio of the 99th percentiles."""
    folder = pictures.folder(victim.folder / "pictures" / DATA, TRAIN, TEST, seed=0)
    ratios = []
    with victim.client() as client:
        client.import_dataset(folder, DATA)
        client.wait(client.submit("train", {"epochs": 1}, dataset=DATA, model="m"), timeout=STUCK_SECONDS)
        called(victim, 1, clients)
        for _ in range(rounds):
            idle = called(victim, seconds, clients)
            job = client.submit("train", {"epochs": 10_000}, dataset=DATA, model="busy")
            next(event for event in client.watch(job) if event.kind == "epoch")
            beside = called(victim, seconds, clients)
            client.cancel(job)
            client.wait(job, timeout=STUCK_SECONDS)
            ratios.append(p99(beside) / p99(idle))
            print(
                f"idle: {len(idle)} calls, p50 {statistics.median(idle):.2f} ms, p99 {p99(idle):.2f} ms; "
                f"beside a training: {len(beside)} calls, p50 {statistics.median(beside):.2f} ms, "
                f"p99 {p99(beside):.2f} ms; ratio of the p99 {ratios[-1]:.2f}",
                flush=True,
            )
    return statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True, help="the folder with sqzd and sqz-runner-squeezenet")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--clients", type=int, default=1)
    options = parser.parse_args()
    with Victim(options.bin) as victim:
        ratio = measure(victim, options.rounds, options.seconds, options.clients)
    print(f"median ratio of the p99: {ratio:.2f}")
    shutil.rmtree(victim.folder)


if __name__ == "__main__":
    main()
