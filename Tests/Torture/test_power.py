"""The short form of power.py."""

from pathlib import Path

import disks
import power
from prerequisites import unavailable


def test_what_was_acknowledged_is_on_the_disk(binaries: Path) -> None:
    if reason := disks.unavailable(*power.PROGRAMS):
        unavailable(reason)
    with power.prepared(binaries, seed="ci") as cuts:
        cuts.load(count=3)
        assert cuts.ledger.troubles == []
        for taken in cuts.copies:
            assert cuts.judge(taken) == []
