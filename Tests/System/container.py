"""A Debian that boots its own systemd (systemd-nspawn), with sqzd installed in it, and real users who call it.

The calls are made by varlinkctl, systemd's own Varlink client, which bookworm does not have yet: it comes from a root
of trixie that the container sees at /opt/trixie.
"""

import hashlib
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.append(str(CHECKOUT / "clients" / "python" / "tests"))

from real_daemon import started  # noqa: E402

ROOTS = CHECKOUT / ".build" / "roots"
ADDRESS = "unix:/run/sqzd/io.sqzd"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LANDLOCK = ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")
BOOT_SECONDS = 60
# Far more than any call takes: it ends a test that would hang.
CALL_SECONDS = 300


def debian(suite: str, *packages: str) -> Path:
    """A minimal Debian with these packages, made once."""
    include = ",".join(packages)
    root = ROOTS / f"{suite}-{hashlib.sha256(include.encode()).hexdigest()[:8]}"
    if not root.exists():
        ROOTS.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{suite}-", dir=ROOTS))
        command = ["debootstrap", "--variant=minbase", f"--include={include}", suite, str(unfinished)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        unfinished.chmod(0o755)
        unfinished.rename(root)
    return root


class CallFailed(Exception):
    """varlinkctl's message: the name of the error reply, or why there was none."""


class Container:
    """Changes go to an overlay that is dropped at the end: the cached root stays as it is."""

    def __init__(self, suite: str = "bookworm") -> None:
        libraries = (
            "libarchive13 libjansson4 libjpeg62-turbo libpng16-16 libseccomp2 libsqlite3-0 libsystemd0 libsz2 libwebp7 "
            "libwebpdemux2"
        ).split()
        if suite != "bookworm":
            # With 64 bits for times.
            libraries = [name + "t64" if name in {"libarchive13", "libpng16-16"} else name for name in libraries]
        # What systemd recommends: a user's own manager, and names for the users that it makes up.
        recommended = ("libpam-systemd", "libnss-systemd")
        self.system = debian(suite, "systemd", "dbus", *recommended, *libraries, "procps", "python3")
        self.varlinkctl = debian("trixie", "systemd")
        self.folder = Path(tempfile.mkdtemp(prefix="sqzd-system-"))
        self.root = self.folder / "root"
        self.log = self.folder / "console"
        self.process: Optional["subprocess.Popen[bytes]"] = None
        self.leader = 0

    # Its life

    def mount(self) -> None:
        layers = {name: self.folder / name for name in ("upper", "work", "root")}
        for layer in layers.values():
            layer.mkdir()
        options = f"lowerdir={self.system},upperdir={layers['upper']},workdir={layers['work']}"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", str(self.root)], check=True)

    def boot(self, *readable: str) -> None:
        """Returns when systemd says that it is up. The host's folders `readable` are seen inside."""
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--notify-ready=yes"]
        # Bookworm's nspawn does not know Landlock yet, and refuses what it does not know.
        command += [f"--system-call-filter={' '.join(LANDLOCK)}"]
        command += ["--private-network", "--console=read-only", f"--directory={self.root}"]
        command += [f"--bind-ro={self.varlinkctl}:/opt/trixie", *(f"--bind-ro={folder}" for folder in readable)]
        self.process, told = started(command, self.folder, self.log, BOOT_SECONDS)
        self.leader = next(int(line.partition("=")[2]) for line in told if line.startswith("X_NSPAWN_LEADER_PID="))

    def close(self) -> None:
        if self.process is not None:
            # With its first process all others of the container end.
            if self.leader and self.process.poll() is None:
                os.kill(self.leader, signal.SIGKILL)
            self.process.terminate()
            self.process.wait(BOOT_SECONDS)
        if self.root.is_mount():
            subprocess.run(["umount", str(self.root)], check=True)
        shutil.rmtree(self.folder)

    # Commands inside

    def command(self, *words: str, user: Optional[str] = None) -> List[str]:
        command = ["nsenter", f"--target={self.leader}", "--all", "env", "-i", f"PATH={PATH}"]
        if user is not None:
            command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        return [*command, *words]

    def run(self, *words: str, user: Optional[str] = None, status: int = 0) -> str:
        """What a command prints, when it ends with `status`."""
        command = self.command(*words, user=user)
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CALL_SECONDS, check=False
        )
        assert done.returncode == status, f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = Path(f"/proc/{self.leader}/root{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def journal(self, *matches: str) -> List[Dict[str, Any]]:
        lines = self.run("journalctl", "--quiet", "--output=json", *matches).splitlines()
        return [json.loads(line) for line in lines]

    def await_journal(self, *matches: str, number: int = 1) -> Dict[str, Any]:
        """The first entry that matches, or that of this number, now or when it comes. journalctl's own --after-cursor passes
        over one entry that matches, if it has been written already."""
        command = self.command("journalctl", "--quiet", "--follow", "--lines=all", "--output=json", *matches)
        return next(itertools.islice(lines(command), number - 1, None))

    # Calls

    def varlink(self, *words: str, user: str = "root") -> List[str]:
        unit = ["systemd-run", "--quiet", "--pipe", "--wait", "--collect", f"--property=User={user}"]
        unit += ["--property=RootDirectory=/opt/trixie", "--property=BindPaths=/run/sqzd"]
        unit += ["--property=IgnoreSIGPIPE=no"]
        return self.command(*unit, "varlinkctl", *words)

    def stream(self, method: str, parameters: Dict[str, Any], user: str = "root") -> Iterator[Any]:
        """The replies to a call with `more`, as they come."""
        command = self.varlink("call", "--json=short", "-E", ADDRESS, method, json.dumps(parameters), user=user)
        return lines(command)

    def call(self, method: str, parameters: Optional[Dict[str, Any]] = None, user: str = "root") -> Any:
        """The reply to a call; raises `CallFailed`."""
        command = self.varlink("call", "--json=short", ADDRESS, method, json.dumps(parameters or {}), user=user)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CALL_SECONDS)
        if done.returncode != 0:
            raise CallFailed(done.stderr.strip().rpartition(": ")[2])
        # It prints nothing where the reply has no parameters.
        return json.loads(done.stdout or "{}")

    def submit(self, kind: str, user: str, **parameters: Any) -> int:
        job: int = self.call("io.sqzd.Jobs.Submit", {"kind": kind, **parameters}, user=user)["id"]
        return job

    def watch(self, job: int) -> Iterator[Dict[str, Any]]:
        for reply in self.stream("io.sqzd.Jobs.Watch", {"id": job}):
            if "event" in reply:
                yield reply["event"]

    def await_progress(self, job: int) -> None:
        """Until the job is in the middle of its work."""
        next(event for event in self.watch(job) if event["kind"] == "progress")

    def await_state(self, job: int, state: str) -> None:
        next(event for event in self.watch(job) if event.get("state") == state)

    def await_end(self, job: int) -> Dict[str, Any]:
        """The job after its last event."""
        for _ in self.watch(job):
            pass
        ended: Dict[str, Any] = self.call("io.sqzd.Jobs.Show", {"id": job})["job"]
        return ended


def lines(command: List[str]) -> Iterator[Any]:
    """The JSON values that a command prints, one a line, as they come. It is ended when nobody asks for more."""
    pipe = subprocess.PIPE
    # Unbuffered: select sees only what is still in the pipe.
    process = subprocess.Popen(
        command, bufsize=0, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        while select.select([process.stdout], [], [], CALL_SECONDS)[0]:
            line = process.stdout.readline()
            if not line:
                error = process.stderr.read().decode().strip()
                if process.wait() != 0:
                    raise CallFailed(error.rpartition(": ")[2])
                return
            # varlinkctl separates replies as RFC 7464 says.
            yield json.loads(line.lstrip(b"\x1e"))
        raise AssertionError(f"nothing came for {CALL_SECONDS} s from {command}")
    finally:
        # nsenter's child is in its group; what systemd-run started loses its output.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()
