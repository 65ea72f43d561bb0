"""The one place where tests in Python start a daemon, or what stands for one, and wait until it says that it is ready."""

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
from typing import Any, List, Tuple

from contract import COUNTDOWN

START_SECONDS = 30
STOP_SECONDS = 30


def started(
    command: List[str], folder: Path, log: Path, seconds: float = START_SECONDS
) -> Tuple["subprocess.Popen[bytes]", List[str]]:
    """A program that has told READY=1 (sd_notify(3)), and all lines that it told. Its output goes to `log`."""
    path = folder / "notify"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, open(log, "wb") as output:
        notify.bind(str(path))
        # The program may run as another user.
        path.chmod(0o666)
        environment = {**os.environ, "NOTIFY_SOCKET": str(path)}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        died = os.pidfd_open(process.pid)
        try:
            deadline = time.monotonic() + seconds
            told: List[str] = []
            while "READY=1" not in told:
                readable, _, _ = select.select([notify.fileno(), died], [], [], max(0.0, deadline - time.monotonic()))
                if notify.fileno() not in readable:
                    what = "ended before it was ready" if readable else f"was not ready after {seconds} s"
                    raise AssertionError(f"{command[0]} {what}:\n{log.read_text(errors='replace')}")
                told += notify.recv(4096).decode().splitlines()
            return process, told
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            os.close(died)


class RealDaemon:
    """`sqzd` of $SQZD_BIN on a state directory of its own, with the runners squeezenet and countdown."""

    def __init__(self, binaries: Path, **settings: Any) -> None:
        # Not pytest's folder: a socket's path has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="sqzd-"))
        runners = self.folder / "runners"
        runners.mkdir()
        for runner in (binaries / "sqz-runner-squeezenet", COUNTDOWN):
            (runners / runner.name).symlink_to(runner.resolve(strict=True))
        configuration = self.folder / "sqzd.json"
        all_settings = {"runnerDirectories": [str(runners)], "retryDelaySeconds": 0, **settings}
        configuration.write_text(json.dumps(all_settings))
        self.socket = str(self.folder / "io.sqzd")
        self.log = self.folder / "log"
        self.command = [
            str(binaries / "sqzd"),
            *("--socket", self.socket),
            *("--state-dir", str(self.folder / "state")),
            *("--config", str(configuration)),
        ]

    def __enter__(self) -> "RealDaemon":
        self.process, _ = started(self.command, self.folder, self.log)
        return self

    def restart(self, number: int = signal.SIGTERM) -> None:
        """Ends it by a signal, and starts it again on what it left."""
        self.process.send_signal(number)
        self.process.wait(STOP_SECONDS)
        self.__enter__()

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
        assert status == 0, f"sqzd ended with {status}:\n{self.log.read_text()}"
        shutil.rmtree(self.folder)
