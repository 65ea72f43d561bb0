#!/usr/bin/env python3
"""sqzd beside servers from PyPI with ONNX Runtime: the same network, pictures of 32x32, one a call, the same two cores.

usage: serving.py --sqzctl PATH --socket PATH --model NAME [--seconds 3] [--rounds 2] [--connections 1,8,64,256] [PEER...]

PEER is mosec or litserve, or with -2 behind it two workers of one thread each in place of one of two; by default all four. Needs
`mosec litserve onnxruntime numpy` from PyPI in the Python that runs it, wrk, and a daemon with a model. mosec gets a picture's 3,072
bytes as the body of a POST, which is less to read than our base64 in JSON; LitServe reads nothing but JSON. Both answer as ours does,
with five classes. In each round each has its turn; told are the rates (calls a second), the median of the rounds, and ours over the
better peer's.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SCRIPT = 'wrk.method = "POST"\nwrk.body = io.open("{}", "rb"):read("*a")\nwrk.headers["Content-Type"] = "{}"\n'


def start(peer, port, environment):
    kind = peer.removesuffix("-2")
    path = "/inference" if kind == "mosec" else "/predict"
    workers = ("2", "1") if peer != kind else ("1", "2")
    program = pathlib.Path(__file__).with_name(f"serving_{kind}.py")
    arguments = [sys.executable, str(program), "--port", str(port), "--address", "127.0.0.1", "--timeout", "30000"]
    environment = {**environment, "SERVING_WORKERS": workers[0], "SERVING_THREADS": workers[1]}
    process = subprocess.Popen(
        arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    return process, f"http://127.0.0.1:{port}{path}"


def request(peer, picture):
    """The body of a POST, and its type."""
    if not peer.startswith("litserve"):
        return picture, "application/octet-stream"
    return json.dumps({"image": base64.b64encode(picture).decode()}).encode(), "application/json"


def wait(url, body, kind):
    for _ in range(240):
        try:
            asked = urllib.request.Request(url, body, {"Content-Type": kind}, method="POST")
            with urllib.request.urlopen(asked, timeout=5) as reply:
                return json.load(reply)
        except OSError:
            time.sleep(0.25)
    raise SystemExit(f"{url} does not answer")


def rate_of_peer(url, script, connections, seconds):
    words = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "-s", script, url]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        print(told, file=sys.stderr)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told).group(1))


def rate_of_ours(arguments, connections, picture):
    words = [arguments.sqzctl, "--socket", arguments.socket, "--json", "bench", "--model", arguments.model]
    words += ["--connections", str(connections), "--seconds", str(arguments.seconds), picture]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)["callsPerSecond"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sqzctl", required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--connections", default="1,8,64,256")
    parser.add_argument("peers", nargs="*", default=["mosec", "mosec-2", "litserve", "litserve-2"])
    arguments = parser.parse_args()
    connections = [int(count) for count in arguments.connections.split(",")]
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        model, raw, body, script = [folder / name for name in ("model.onnx", "picture.bin", "body", "post.lua")]
        export = [arguments.sqzctl, "--socket", arguments.socket, "model", "export", arguments.model, str(model)]
        subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
        picture = os.urandom(3_072)
        raw.write_bytes(picture)
        environment = {**os.environ, "SERVING_MODEL": str(model), "OMP_NUM_THREADS": "1"}
        rates = {}
        for number, peer in enumerate(arguments.peers):
            # One at a time: an idle one may still poll.
            process, url = start(peer, 18_200 + number, environment)
            try:
                given, kind = request(peer, picture)
                body.write_bytes(given)
                script.write_text(SCRIPT.format(body, kind))
                wait(url, given, kind)
                for count in connections:
                    for _ in range(arguments.rounds):
                        theirs = rate_of_peer(url, str(script), count, arguments.seconds)
                        ours = rate_of_ours(arguments, count, str(raw))
                        rates.setdefault((peer, count), []).append(theirs)
                        rates.setdefault(("sqzd", count), []).append(ours)
                        print(f"{peer:11} {count:4} {theirs:9.0f}   sqzd {ours:9.0f}", file=sys.stderr, flush=True)
            finally:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
    for count in connections:
        medians = {peer: statistics.median(rates[peer, count]) for peer in ["sqzd", *arguments.peers]}
        best = max(arguments.peers, key=medians.get)
        told = ", ".join(f"{peer} {rate:.0f}" for peer, rate in medians.items())
        print(f"{count} connections: {told}; {medians['sqzd'] / medians[best]:.2f} times {best}")


if __name__ == "__main__":
    main()
