"""protocol/README.md: what it shows is valid and works."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
from contract import DESCRIPTIONS, EXAMPLES, PROTOCOL, check_error, check_method
from fake_daemon import FakeDaemon

README = (PROTOCOL / "README.md").read_text()


def blocks(language: str) -> List[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert found, f"no {language} block"
    return found


def test_python_snippet(tmp_path: Path) -> None:
    (snippet,) = blocks("python")
    assert len(snippet.splitlines()) <= 16
    example = EXAMPLES["io.sqzd.Jobs.List"]
    with FakeDaemon(tmp_path / "s", lambda _: example["replies"]) as daemon:
        environment = {**os.environ, "SQZD_SOCKET": daemon.path}
        run = subprocess.run(
            [sys.executable, "-c", snippet], env=environment, capture_output=True, text=True, timeout=30
        )
    assert (run.stdout, run.stderr, run.returncode) == ("2 evaluate queued\n1 train running\n", "", 0)
    assert daemon.calls == [{"method": "io.sqzd.Jobs.List"}]


def test_json_blocks_are_messages() -> None:
    for block in blocks("json"):
        assert set(json.loads(block)) <= {"method", "parameters", "error"}


@pytest.mark.parametrize("session", blocks("session"), ids=["training", "bytes", "chunks"])
def test_sessions_are_valid(session: str) -> None:
    unanswered: List[Dict[str, Any]] = []
    for line in session.splitlines():
        direction, _, text = line.partition(" ")
        message = json.loads(text)
        if direction == ">":
            check_method(message["method"], "in", message.get("parameters", {}))
            unanswered.append(message)
            continue
        assert direction == "<"
        call = unanswered[0]
        if "error" in message:
            check_error(message["error"], message.get("parameters", {}))
        else:
            check_method(call["method"], "out", message.get("parameters", {}))
        if message.get("continues"):
            assert call["more"]
        else:
            unanswered.pop(0)
    assert unanswered == []


def test_table_has_every_interface() -> None:
    rows = re.findall(r"^\| `([a-z]+\.[\w.]+)` \|", README, re.MULTILINE)
    assert sorted(rows) == sorted([*DESCRIPTIONS, "org.varlink.service"])
