import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from contract import COUNTDOWN

START_SECONDS = 30
STOP_SECONDS = 30


class RealDaemon:
    """`sqzd` of $SQZD_BIN on a state directory of its own, with the runners squeezenet and countdown."""

    def __init__(self, binaries: Path) -> None:
        # Not pytest's folder: a socket's path has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="sqzd-"))
        runners = self.folder / "runners"
        runners.mkdir()
        for runner in (binaries / "sqz-runner-squeezenet", COUNTDOWN):
            (runners / runner.name).symlink_to(runner.resolve(strict=True))
        configuration = self.folder / "sqzd.json"
        configuration.write_text(json.dumps({"runnerDirectories": [str(runners)], "retryDelaySeconds": 0}))
        self.socket = str(self.folder / "io.sqzd")
        self.log = self.folder / "log"
        self.command = [
            str(binaries / "sqzd"),
            *("--socket", self.socket),
            *("--state-dir", str(self.folder / "state")),
            *("--config", str(configuration)),
        ]

    def __enter__(self) -> "RealDaemon":
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(self.log, "wb") as log:
            notify.bind(str(self.folder / "notify"))
            environment = {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")}
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=log, env=environment)
            try:
                self._await_ready(notify)
            except BaseException:
                self.process.kill()
                self.process.wait()
                raise
        return self

    def _await_ready(self, notify: socket.socket) -> None:
        deadline = time.monotonic() + START_SECONDS
        died = os.pidfd_open(self.process.pid)
        try:
            while True:
                left = max(0.0, deadline - time.monotonic())
                readable, _, _ = select.select([notify.fileno(), died], [], [], left)
                if notify.fileno() in readable:
                    if b"READY=1" in notify.recv(4096).splitlines():
                        return
                else:
                    what = "ended before it was ready" if readable else f"was not ready after {START_SECONDS} s"
                    raise AssertionError(f"sqzd {what}:\n{self.log.read_text()}")
        finally:
            os.close(died)

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
        assert status == 0, f"sqzd ended with {status}:\n{self.log.read_text()}"
        shutil.rmtree(self.folder)
