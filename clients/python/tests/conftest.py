from pathlib import Path
from typing import Iterator

import pytest
from prerequisites import binaries as binaries
from real_daemon import RealDaemon
from ssh_machine import machine as machine
from ssh_machine import sqzctl as sqzctl

import sqzd


@pytest.fixture(scope="module")
def daemon(binaries: Path) -> Iterator[RealDaemon]:
    with RealDaemon(binaries) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def client(daemon: RealDaemon) -> Iterator[sqzd.Client]:
    with sqzd.Client(daemon.socket) as client:
        yield client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a daemon's socket may be."""
    return tmp_path / "s"
