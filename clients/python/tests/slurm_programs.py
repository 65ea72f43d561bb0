"""Programs of a folder's own, each waited for until it says that it is ready, and the end of all that they started."""

import os
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, Dict, List, Optional


class Programs:
    """With `SLURM_CONF` set to the folder's. Other users may ask them things."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sqzd-slurm-"))
        self.folder.chmod(0o755)
        # The last of them, since a slurmstepd writes its title over the first.
        self.environment = {name: value for name, value in os.environ.items() if name != "SLURM_CONF"}
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self.running: Dict[str, "subprocess.Popen[str]"] = {}

    def start(self, name: str, ready: str, *command: str) -> None:
        """Returns when the program has said so."""
        process = subprocess.Popen(
            command,
            # slurmstepd may dump its core where slurmd is.
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running[name] = process
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if ready in line:
                break
        else:
            raise AssertionError(f"{name} ended: {''.join(said)}")
        # So that it can go on talking.
        threading.Thread(target=process.stderr.read, daemon=True).start()

    def run(self, *command: str, user: Optional[int] = None) -> str:
        other: Dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        ended: "subprocess.CompletedProcess[str]" = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=60, **other
        )
        assert ended.returncode == 0, f"{' '.join(command)}: {ended.stderr}"
        return ended.stdout

    def offspring(self, *variables: str) -> List[int]:
        """The processes that these programs have started, with these variables."""
        wanted = {variable.encode() for variable in (f"SLURM_CONF={self.environment['SLURM_CONF']}", *variables)}
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if wanted.issubset((folder / "environ").read_bytes().split(b"\0")):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def kill(self, *pids: int) -> None:
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        """Nothing is kept, and a slurmd can wait long for a node that is cut off."""
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.wait()
        self.running.clear()
        while left := self.offspring():
            self.kill(*left)
