"""The short form of soak.py: a restart under load."""

import shutil
from pathlib import Path

from soak import RESTART_SECONDS, Soak


def test_nothing_is_lost(binaries: Path) -> None:
    soak = Soak(binaries, seed="ci")
    try:
        assert soak.run(RESTART_SECONDS + 5) == []
        assert soak.book.seconds["classify"] and soak.book.seconds["restart"]
    finally:
        soak.victim.kill_all()
    shutil.rmtree(soak.victim.folder)
