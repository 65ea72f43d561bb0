"""A real sshd, with keys of its own, on a port of this machine, and sqzctl where it can be reached."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple

import pytest
from ports import free_ports
from prerequisites import need_programs

USER = pwd.getpwuid(os.getuid()).pw_name


class Machine(NamedTuple):
    """What sqzctl finds where such a machine can be reached."""

    address: str
    environment: Dict[str, str]
    # Where it puts its sockets.
    temporary: Path


@pytest.fixture(scope="module")
def machine(binaries: Path) -> Iterator[Machine]:
    need_programs("ssh", "ssh-keygen", "/usr/sbin/sshd")
    # Not pytest's folder: a socket's path has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="sqzd-ssh-"))
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    (port,) = free_ports(1)
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        "StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n"
    )
    key = " ".join((folder / "host.pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {key}\n")
    (folder / "ssh_config").write_text(
        f"IdentityFile {folder}/user\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known_hosts\nBatchMode yes\n"
    )
    programs, temporary = folder / "programs", folder / "t"
    programs.mkdir()
    temporary.mkdir()
    (programs / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    (programs / "ssh").chmod(0o755)
    if os.getuid() == 0:
        # Of Debian's unit; without it sshd does not start.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert server.stderr is not None
    try:
        said = b""
        while b"Server listening" not in said:
            line = server.stderr.readline()
            assert line, f"sshd ended: {said.decode()}"
            said += line
        environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
        for name in ("SQZD_SOCKET", "SQZD_HOST", "XDG_RUNTIME_DIR"):
            environment.pop(name, None)
        environment["TMPDIR"] = str(temporary)
        yield Machine(f"ssh://{USER}@127.0.0.1:{port}", environment, temporary)
    finally:
        server.terminate()
        server.wait(30)
        server.stderr.close()
        shutil.rmtree(folder)


@pytest.fixture
def sqzctl(binaries: Path, machine: Machine) -> Any:
    def run(*words: Any, status: int = 0, **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [binaries / "sqzctl", *map(str, words)],
            env={**machine.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == status, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return done

    return run


def assert_nothing_is_left(machine: Machine) -> None:
    """What held standard error has ended: ssh, and who waits for it to remove its folder."""
    assert list(machine.temporary.iterdir()) == []
