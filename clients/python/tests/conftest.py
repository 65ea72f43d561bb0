import os
from pathlib import Path
from typing import Iterator

import pytest
from real_daemon import RealDaemon

import sqzd


@pytest.fixture(scope="session")
def binaries() -> Path:
    named = os.environ.get("SQZD_BIN")
    if not named:
        pytest.skip("SQZD_BIN does not name a folder with sqzd and sqz-runner-squeezenet")
    return Path(named)


@pytest.fixture(scope="module")
def daemon(binaries: Path) -> Iterator[RealDaemon]:
    with RealDaemon(binaries) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def client(daemon: RealDaemon) -> Iterator[sqzd.Client]:
    with sqzd.Client(daemon.socket) as client:
        yield client
