#!/usr/bin/env python3
"""Measures the engine and what a user would pick instead, alternating in one run, on the same work, weights and thread count.

usage: compare.py SQZ_BENCH [--rounds N] [--seconds S] [--only WORD]... [--json FILE] [--svg FILE]

Every peer first has to give the engine's logits; in eight bits, which each makes by its own tool, nearly. Prints a line a measurement: name, ours, best peer, the peer's name, ratio.
Training and batches are in pictures a second, batch 1 in milliseconds; each is the median over the rounds of a round's median.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
INFERENCE = ["onnxruntime", "openvino", "ncnn"]
INT8 = ["onnxruntime_int8", "openvino_int8", "openvino_default"]

# name, mode, architecture, size, batch, threads, peers
CASES = [
    ("train-cifar-b128-t2", "train", "squeezenet-cifar", 32, 128, 2, ["torch", "tensorflow"]),
    ("train-cifar-b128-t1", "train", "squeezenet-cifar", 32, 128, 1, ["torch", "tensorflow"]),
    ("classify-cifar-b128-t2", "classify", "squeezenet-cifar", 32, 128, 2, INFERENCE),
    ("classify-cifar-b32-t2", "classify", "squeezenet-cifar", 32, 32, 2, INFERENCE),
    ("classify-cifar-b1-t2", "classify", "squeezenet-cifar", 32, 1, 2, INFERENCE),
    ("classify-cifar-b128-t1", "classify", "squeezenet-cifar", 32, 128, 1, INFERENCE),
    ("classify-1.1-b1-t2", "classify", "squeezenet-1.1", 224, 1, 2, INFERENCE),
    ("classify-1.1-b1-t1", "classify", "squeezenet-1.1", 224, 1, 1, INFERENCE),
    ("classify-1.1-b8-t2", "classify", "squeezenet-1.1", 224, 8, 2, INFERENCE),
    ("classify-1.1-b8-t1", "classify", "squeezenet-1.1", 224, 8, 1, INFERENCE),
    ("classify-1.0-b1-t2", "classify", "squeezenet-1.0", 224, 1, 2, INFERENCE),
    ("classify-1.0-b1-t1", "classify", "squeezenet-1.0", 224, 1, 1, INFERENCE),
    ("classify-1.0-b8-t2", "classify", "squeezenet-1.0", 224, 8, 2, INFERENCE),
    ("classify-1.0-b8-t1", "classify", "squeezenet-1.0", 224, 8, 1, INFERENCE),
    *(
        (f"int8-{name}-b{batch}-t{threads}", "int8", architecture, size, batch, threads, INT8)
        for name, architecture, size, batches in (
            ("cifar", "squeezenet-cifar", 32, (128, 32, 1)),
            ("1.1", "squeezenet-1.1", 224, (1, 8)),
            ("1.0", "squeezenet-1.0", 224, (1, 8)),
        )
        for batch in batches
        for threads in (2, 1)
    ),
]


class Peer:
    """A worker process that answers with the median time of a call whenever it is asked."""

    def __init__(self, name, mode, directory, architecture, size, classes, batch, threads):
        self.name = name
        arguments = [name, mode, directory, architecture, size, classes, batch, threads]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "peers.py"), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if "CI" in os.environ else None, text=True)
        for line in self.process.stdout:
            if line == "ready\n":
                return
        raise SystemExit(f"{name} did not start: exit code {self.process.wait()}")

    def measure(self, seconds: float) -> float:
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[0])

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def measure_case(bench, rounds, seconds, name, mode, architecture, size, batch, threads, peer_names):
    classes = 10 if architecture == "squeezenet-cifar" else 1000
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([bench, "export", architecture, str(size), str(batch), directory], check=True)
        peers = [Peer(p, mode, directory, architecture, size, classes, batch, threads) for p in peer_names]
        ours, theirs = [], {p.name: [] for p in peers}
        for _ in range(rounds):
            arguments = [bench, mode, architecture, str(size), str(batch), str(threads), str(seconds)]
            ours.append(float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()[0]))
            for peer in peers:
                theirs[peer.name].append(peer.measure(seconds))
        for peer in peers:
            peer.stop()
    own = statistics.median(ours)
    medians = {peer: statistics.median(times) for peer, times in theirs.items()}
    best = min(medians, key=medians.get)
    # Compared round by round: what else the machine does falls on both.
    ratio = statistics.median(t / o for t, o in zip(theirs[best], ours))
    return {"name": name, "batch": batch, "seconds": own, "peers": medians, "bestPeer": best, "ratio": ratio}


def shown(seconds: float, batch: int) -> str:
    return f"{seconds * 1e3:.3f} ms" if batch == 1 else f"{batch / seconds:.0f}/s"


def svg(results) -> str:
    """A bar for each measurement: how many times as fast as the best peer."""
    rows = [
        f'<text x="190" y="{24 * i + 17}" text-anchor="end">{r["name"]}</text>'
        f'<rect x="200" y="{24 * i + 4}" width="{60 * r["ratio"]:.1f}" height="17" fill="#4878a8"/>'
        f'<text x="{206 + 60 * r["ratio"]:.1f}" y="{24 * i + 17}">{r["ratio"]:.2f} × {r["bestPeer"]}</text>'
        for i, r in enumerate(results)]
    height = 24 * len(results) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{height}" font-family="sans-serif" font-size="12">'
        f'<line x1="260" y1="0" x2="260" y2="{height}" stroke="#999" stroke-dasharray="3"/>{"".join(rows)}</svg>\n')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    options = parser.parse_args()
    results = []
    for case in CASES:
        if options.only and not any(word in case[0] for word in options.only):
            continue
        result = measure_case(options.bench, options.rounds, options.seconds, *case)
        results.append(result)
        best = result["bestPeer"]
        print(
            result["name"], shown(result["seconds"], result["batch"]), shown(result["peers"][best], result["batch"]), best,
            f'{result["ratio"]:.2f}', sep="\t", flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(svg(results))


main()
