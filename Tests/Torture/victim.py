"""The daemon that is tormented: it can be killed and started again on the same state directory."""

import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.append(str(CHECKOUT / "clients" / "python" / "tests"))

from real_daemon import RealDaemon  # noqa: E402

import sqzd  # noqa: E402

# A runner ends with its daemon: the kernel closes its standard input, and it has nothing to wait for.
RUNNER_ENDS_SECONDS = 10


class Victim(RealDaemon):
    """`RealDaemon` for longer than one life. Its folder's path is on the command line of the daemon and of every runner
    that it starts, so that its processes can be told from everybody else's."""

    def __init__(self, binaries: Path, **configuration: Any) -> None:
        super().__init__(binaries)
        self.binaries = binaries
        self.lives = 0
        self.logs: List[str] = []
        file = self.folder / "sqzd.json"
        # Small disks are filled to their last byte here.
        file.write_text(json.dumps({**json.loads(file.read_text()), "freeDiskMiB": 0, **configuration}))

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def start(self) -> None:
        if self.log.exists():
            self.logs.append(self.log.read_text(errors="replace"))
        self.lives += 1
        super().__enter__()

    def __enter__(self) -> "Victim":
        self.start()
        return self

    def __exit__(self, kind: Any, *error: object) -> None:
        if kind is None:
            super().__exit__(kind, *error)
        else:
            # What failed is to be looked at.
            self.kill_all()
            print(f"the daemon's folder is kept: {self.folder}", file=sys.stderr)

    def client(self) -> sqzd.Client:
        return sqzd.Client(self.socket)

    def stop(self) -> None:
        """As systemd stops it: SIGTERM, and it ends with the status 0."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        assert status == 0, f"sqzd ended with {status}:\n{self.log.read_text()}"

    def die(self) -> None:
        """kill -9. Its runners are on their own."""
        self.process.kill()
        self.process.wait()

    def kill_all(self) -> None:
        for process in self.processes():
            kill(process)
        self.process.wait()

    def runners(self) -> Dict[int, str]:
        """Processes of runners, by their ids."""
        folder = f"{self.folder}/runners/"
        return {process: words for process, words in self.processes().items() if folder in words}

    def processes(self) -> Dict[int, str]:
        """Command lines of what runs for this daemon, itself included, by process id."""
        found = {}
        for entry in os.scandir("/proc"):
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                words = Path(entry.path, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has ended meanwhile.
            if f"{self.folder}/" in words:
                found[int(entry.name)] = words.strip()
        return found

    def memory(self) -> int:
        """Bytes of private memory (RssAnon, proc(5))."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))


def kill(process: int) -> bool:
    """kill -9; False if it had ended."""
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def watch_ends(processes: List[int]) -> Dict[int, int]:
    """A descriptor for each process that still lives; it can be read once the process has ended."""
    handles = {}
    for process in processes:
        try:
            handles[process] = os.pidfd_open(process)
        except ProcessLookupError:
            continue
    return handles


def survivors(handles: Dict[int, int], seconds: Optional[float] = RUNNER_ENDS_SECONDS) -> List[int]:
    """Which processes have not ended after so many seconds."""
    left = dict(handles)
    while left:
        ended, _, _ = select.select(list(left.values()), [], [], seconds)
        if not ended:
            break
        left = {process: handle for process, handle in left.items() if handle not in ended}
    for handle in handles.values():
        os.close(handle)
    return list(left)
