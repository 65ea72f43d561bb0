"""`make demo`: what it shows, and that nothing stays behind."""

import os
import re
import subprocess
from pathlib import Path

from container import CHECKOUT
from prerequisites import need_fashion


def test_the_demo_trains_and_classifies_and_leaves_nothing(built: Path, tmp_path: Path) -> None:
    need_fashion()
    stage = tmp_path / "stage"
    subprocess.run(["make", "--quiet", "install", f"DESTDIR={stage}", "PREFIX=/usr"], cwd=CHECKOUT, check=True)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    path = f"{stage}/usr/bin:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TMPDIR": str(temporary), "EPOCHS": "1"}
    done = subprocess.run(
        [str(CHECKOUT / "clients/demo.sh")], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"job 1 +succeeded: model fashion-mnist@1", done.stdout)
    assert re.search(r"job 2 +succeeded: 10,000 images", done.stdout)
    label = re.search(r"test picture 0: (.+)", done.stdout)
    assert label is not None and label[1] == "Ankle boot"
    classified = done.stdout.partition("$ sqzctl classify image.png\n")[2].partition("\n$ kill")[0]
    assert classified.startswith("image.png (fashion-mnist@1)\n  Ankle boot ")
    assert len(re.findall(r"^  \S.* \d+\.\d %", classified, re.MULTILINE)) == 5
    assert "nothing of it is left running" in done.stdout
    assert list(temporary.iterdir()) == []
