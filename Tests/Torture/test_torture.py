"""The short form of torture.py: a dozen strikes."""

import shutil
from pathlib import Path

from torture import Torture


def test_nothing_is_lost(binaries: Path) -> None:
    with Torture(binaries, seed="ci") as torture:
        torture.run(count=12)
        assert torture.judge() == []
    shutil.rmtree(torture.victim.folder)
