import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from container import CHECKOUT, Container
from prerequisites import FASHION, need_fashion, need_programs, unavailable


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder that `make build` fills."""
    folder = CHECKOUT / ".build" / "release"
    if not (folder / "sqzctl.bash").exists():
        unavailable("nothing was built: make build")
    return folder


@pytest.fixture(scope="session")
def container(built: Path) -> Iterator[Container]:
    """A booted Debian 12 in which sqzd was installed as the README says. alice and bob are in the group sqzd,
    mallory is not."""
    if os.geteuid() != 0:
        unavailable("a container needs root")
    need_programs("debootstrap", "systemd-nspawn", "nsenter", "setpriv")
    need_fashion()
    container = Container()
    try:
        container.mount()
        subprocess.run(["make", "--quiet", "install", f"DESTDIR={container.root}"], cwd=CHECKOUT, check=True)
        runners = container.root / "usr/local/libexec/sqzd/runners"
        shutil.copy(CHECKOUT / "Tests/Plugins/countdown", runners)
        # What guest.py needs, which users run inside.
        shutil.copytree(CHECKOUT / "clients/python/sqzd", container.root / "opt/guest/sqzd")
        shutil.copy(CHECKOUT / "Tests/System/guest.py", container.root / "opt/guest")
        pictures = container.root / "opt/guest/pictures"
        pictures.mkdir()
        for file in (CHECKOUT / "Tests/Fixtures/datasets").glob("*-idx?-ubyte*"):
            shutil.copy(file, pictures)
        container.boot(FASHION)
        for command in ("systemd-sysusers", "journalctl --update-catalog", "systemctl daemon-reload"):
            container.run(*command.split())
        for user in ("alice", "bob", "mallory"):
            container.run("useradd", user)
        for member in ("alice", "bob"):
            container.run("usermod", "--append", "--groups=sqzd", member)
        container.run("systemctl", "enable", "--now", "--quiet", "sqzd.service")
        yield container
    finally:
        container.close()
