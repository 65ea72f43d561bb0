"""What the tests ask of the machine."""

import os
import shutil
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
