"""Containerfile: what it makes, by its own words, in a Debian that has what its second stage installs. Pulling images and building
Swift's are podman's."""

import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest
from container import CHECKOUT, debian
from prerequisites import need_programs, unavailable
from real_daemon import started

TEXT = (CHECKOUT / "Containerfile").read_text()


def instructions(text: str) -> List[Tuple[str, str]]:
    """Their words and what follows, without comments, on one line each."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in joined.splitlines() if line.strip()]


def stages() -> List[List[Tuple[str, str]]]:
    made: List[List[Tuple[str, str]]] = []
    for instruction in instructions(TEXT):
        if instruction[0] == "FROM":
            made.append([])
        made[-1].append(instruction)
    return made


@pytest.fixture(scope="module")
def root(built: Path) -> Iterator[Path]:
    """What the second stage comes to."""
    need_programs("debootstrap", "chroot")
    if subprocess.run(["id", "-u"], capture_output=True, text=True).stdout.strip() != "0":
        unavailable("a container needs root")
    (first, second) = stages()
    assert second[0][1] == "docker.io/library/debian:12-slim"
    runs = [what for word, what in second if word == "RUN"]
    (installed,) = re.findall(r"apt-get install -y --no-install-recommends ([^&]*)&&", runs[0])
    system = debian("bookworm", *shlex.split(installed))
    folder = Path(tempfile.mkdtemp(prefix="sqzd-image-"))
    root = folder / "root"
    try:
        for layer in ("upper", "work", "root"):
            (folder / layer).mkdir()
        options = f"lowerdir={system},upperdir={folder}/upper,workdir={folder}/work"
        subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", root], check=True)
        # As in any container; Swift's programs have their arguments from there.
        subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
        # The first stage's last command, of what is built already.
        (made,) = re.findall(r"make -C /src install (.*)$", first[-1][1])
        assert dict(second)["COPY"] == "--from=build /out/usr /usr"
        words = made.replace("/out", str(root)).split()
        subprocess.run(["make", "--quiet", "-C", CHECKOUT, "install", *words], check=True, stdout=subprocess.DEVNULL)
        for run in runs[1:]:
            subprocess.run(["chroot", root, "sh", "-c", run], check=True)
        yield root
    finally:
        if root.is_mount():
            subprocess.run(["umount", "--recursive", root], check=True)
        shutil.rmtree(folder)


def test_it_runs_as_its_own_user_and_keeps_what_is_in_its_volumes(root: Path) -> None:
    second = dict(stages()[1])
    user = second["USER"]
    entry = re.findall(r'"([^"]*)"', second["ENTRYPOINT"])
    for volume in second["VOLUME"].split():
        assert (root / volume[1:]).stat().st_uid != 0
    runner = ["chroot", f"--userspec={user}", str(root)]
    # What readiness is told by is on the host.
    notify = root / "run" / "sqzd"
    process, _ = started([*runner, "env", "NOTIFY_SOCKET=/run/sqzd/notify", *entry], notify, root / "log")
    try:
        shutil.copytree(CHECKOUT / "Tests/Fixtures/datasets", root / "tmp" / "pictures", ignore=lambda _, names: [
            name for name in names if not re.search(r"-idx\d-ubyte", name)
        ])
        (root / "tmp").chmod(0o1777)

        def run(*words: str) -> str:
            done = subprocess.run([*runner, *words], capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        assert user in run("sh", "-c", "id -un")
        run("sqzctl", "dataset", "import", "/tmp/pictures", "--name", "small")
        trained = run("sqzctl", "train", "--data", "small", "--epochs", "1", "--batch-size", "4", "--follow")
        assert "job 1  succeeded: model small@1" in trained
        assert (root / "var/lib/sqzd/sqzd.sqlite").exists() or list((root / "var/lib/sqzd").iterdir())
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_what_is_built_is_not_sent_along() -> None:
    ignored = (CHECKOUT / ".containerignore").read_text().split()
    assert {".build", ".venv", ".git"} <= set(ignored)
