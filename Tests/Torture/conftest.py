import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def binaries() -> Path:
    named = os.environ.get("SQZD_BIN")
    if not named:
        pytest.skip("SQZD_BIN does not name a folder with sqzd and sqz-runner-squeezenet")
    return Path(named)


def unavailable(reason: str) -> None:
    """Skips, but not where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
