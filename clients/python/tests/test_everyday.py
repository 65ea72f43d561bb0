"""README.md, "Everyday use": it can be typed as it stands, from top to bottom."""

import io
import os
import re
import select
import signal
import subprocess
import tarfile
from pathlib import Path
from typing import Dict, Iterator, List

import pytest
from contract import PROTOCOL
from real_daemon import RealDaemon
from test_daemon import CLASSES, records

README = (PROTOCOL.parent / "README.md").read_text()
# Far more than any line takes: it ends a test that would hang.
LINE_SECONDS = 300


def typed() -> List[str]:
    """The lines of the transcript."""
    section = README.partition("\n## Everyday use\n")[2].partition("\n## ")[0]
    block = re.search(r"(?:^    .*\n)+", section, re.MULTILINE)
    assert block is not None
    return [line.strip() for line in block[0].splitlines()]


@pytest.fixture
def environment(binaries: Path, tmp_path: Path) -> Iterator[Dict[str, str]]:
    """A daemon that had no jobs before; curl fetches an archive as CIFAR-10's, with fewer pictures."""
    archive = tmp_path / "web" / "cifar-10-binary.tar.gz"
    archive.parent.mkdir()
    files = {
        "batches.meta.txt": "\n".join(CLASSES).encode(),
        "data_batch_1.bin": b"".join(records(200, seed=1)),
        "test_batch.bin": b"".join(records(40, seed=2)),
    }
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sqzctl").symlink_to((binaries / "sqzctl").resolve(strict=True))
    (programs / "curl").write_text(f"#!/bin/sh\ncp '{archive.parent}'/\"${{2##*/}}\" .\n")
    (programs / "curl").chmod(0o755)
    with RealDaemon(binaries) as daemon:
        yield {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "SQZD_SOCKET": daemon.socket}


def test_the_transcript_can_be_typed(environment: Dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    printed = ""
    *lines, top = typed()
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LINE_SECONDS,
        )
        assert done.stderr == "", line
        # 2 is what wait says of the jobs that were cancelled.
        assert done.returncode == (2 if line.endswith("sqzctl wait 5 6") else 0), f"{line}: {done.stdout}"
        printed += done.stdout
    assert "job 2  succeeded: model big@1" in printed
    assert "job 3  succeeded\n" in printed
    assert re.search(r"^0\t0\t\w+\t[01]\.\d+$", printed, re.MULTILINE), "predictions"
    assert "image.bin, labelled red (big@1)" in printed
    assert "job 5  cancelled\njob 6  cancelled\n" in printed
    assert (folder / "big.safetensors").stat().st_size > 1 << 20
    with subprocess.Popen(top.partition("#")[0].split(), cwd=folder, env=environment, stdout=subprocess.PIPE) as watcher:
        assert watcher.stdout is not None
        assert select.select([watcher.stdout], [], [], LINE_SECONDS)[0]
        assert b"0 running, 0 waiting" in watcher.stdout.readline()
        watcher.send_signal(signal.SIGINT)
