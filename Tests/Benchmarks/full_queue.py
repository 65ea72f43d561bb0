"""How long users wait for a daemon with a full queue, and how much memory it takes.

    full_queue.py .build/release --jobs 10000

Queues so many jobs behind one that does not end, all through the socket, and then times what users do: programs from
their start to their end, calls from the first byte to the last, the daemon from kill -9 to READY=1.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, Dict, List

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "Torture"), str(TESTS.parent / "clients" / "python"), str(TESTS.parent / "clients" / "python" / "tests")]

import pictures  # noqa: E402
from victim import Victim  # noqa: E402

import sqzd  # noqa: E402

# Calls on their way at once while the queue is filled.
WINDOW = 64


def fill(victim: Victim, count: int) -> None:
    connection = sqzd.Connection(victim.socket)
    for sent in range(count + WINDOW):
        if sent < count:
            connection.send("io.sqzd.Jobs.Submit", {"kind": "countdown", "options": {"from": 1 + sent % 9}})
        if sent >= WINDOW:
            connection.receive()
    connection.close()


def milliseconds(rounds: int, body: Callable[[], object]) -> List[float]:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        times.append(1000 * (time.perf_counter() - start))
    return times


def status(victim: Victim, field: str) -> float:
    """MB, of proc_pid_status(5)."""
    lines = Path(f"/proc/{victim.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":")) * 1024 / 1e6


def measure(binaries: Path, jobs: int, rounds: int) -> None:
    # Debian's own Python runs the countdown: one that a version manager puts in its place takes 200 ms to start.
    os.environ["PATH"] = "/usr/bin:/bin:" + os.environ["PATH"]
    with Victim(binaries) as victim:
        data = pictures.folder(victim.folder / "data", train=20, test=10, seed=1)
        blocker = {"from": 1000, "delay": 60}
        with victim.client() as client:
            client.import_dataset(data, "data")
            client.wait(client.submit("countdown", {"from": 1}))
            running = client.submit("countdown", blocker, priority=100)
            next(event for event in client.watch(running) if event.state == "running")
        start = time.perf_counter()
        fill(victim, jobs)
        print(f"{jobs} jobs queued in {time.perf_counter() - start:.1f} s")

        def sqzctl(*words: str) -> Callable[[], object]:
            command = [str(binaries / "sqzctl"), "--socket", victim.socket, *words]
            return lambda: subprocess.run(command, check=True, capture_output=True)

        client = victim.client()
        train = ["train", "--data", "data", "--epochs", "1"]
        times: Dict[str, List[float]] = {
            "sqzctl info": milliseconds(rounds, sqzctl("info")),
            "sqzctl jobs": milliseconds(rounds, sqzctl("jobs")),
            "sqzctl jobs --limit 1000": milliseconds(rounds, sqzctl("jobs", "--limit", "1000")),
            "sqzctl show LAST": milliseconds(rounds, sqzctl("show", str(running + jobs))),
            "List of 1000": milliseconds(rounds, lambda: client.jobs(limit=1000)),
            "Monitor, first reply": milliseconds(rounds, lambda: next(victim.client().monitor())),
        }
        # Each adds a job; there must be room for them.
        for job in client.jobs(limit=rounds):
            client.cancel(job.id)
        times["sqzctl train"] = milliseconds(rounds, sqzctl(*train))
        client.close()
        memory = f"peak {status(victim, 'VmHWM'):.1f} MB, private {status(victim, 'RssAnon'):.1f} MB"

        def restart() -> None:
            victim.start()

        times["restart"] = []
        for _ in range(rounds):
            victim.die()
            times["restart"] += milliseconds(1, restart)
        memory += f"; after a restart peak {status(victim, 'VmHWM'):.1f} MB"
        for name, values in times.items():
            values.sort()
            print(f"{name:26} median {statistics.median(values):6.1f} ms, longest {values[-1]:6.1f} ms")
        print(memory)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", type=Path)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    # Some of the 10,000 that a user may have waiting are for the trainings.
    measure(arguments.binaries.resolve(), min(arguments.jobs, 10_000), arguments.rounds)
