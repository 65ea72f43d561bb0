"""Users of the container who run guest.py."""

import json
import os
import select
import signal
import subprocess
from typing import Any

from container import CALL_SECONDS, Container

SCRIPT = "/opt/guest/guest.py"


def guest(container: Container, user: str, *words: str) -> str:
    """What it prints when it has ended well."""
    return container.run("python3", SCRIPT, *words, user=user)


class Guest:
    """One that goes on until it is told to end; from its beginning on it is under way."""

    def __init__(self, container: Container, user: str, *words: str) -> None:
        pipe = subprocess.PIPE
        command = container.command("python3", SCRIPT, *words, user=user)
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], CALL_SECONDS)[0], f"{words} by {user} is not ready"
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def end(self) -> Any:
        """What came of it."""
        output, _ = self.process.communicate(timeout=CALL_SECONDS)
        assert self.process.returncode == 0
        return json.loads(output)
