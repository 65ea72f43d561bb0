"""What the tests ask of the machine."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

FASHION = "/usr/share/datasets/fashion-mnist"


def unavailable(reason: str) -> NoReturn:
    """Skips, but not where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need_programs(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            unavailable(f"{name} is missing")


def need_fashion() -> None:
    if not os.path.isdir(FASHION):
        unavailable(f"{FASHION} is missing: apt-get install dataset-fashion-mnist")


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The folder with sqzd and sqz-runner-squeezenet. Who imports it in a conftest.py has the fixture."""
    named = os.environ.get("SQZD_BIN")
    if not named:
        pytest.skip("SQZD_BIN does not name a folder with sqzd and sqz-runner-squeezenet")
    return Path(named)
