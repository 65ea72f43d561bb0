"""clients/c: it compiles without a warning, and says what the Python client says."""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from contract import PROTOCOL
from prerequisites import need_programs
from real_daemon import RealDaemon
from test_daemon import write_records

import sqzd

SOURCE = PROTOCOL.parent / "clients" / "c" / "classify.c"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need_programs("cc", "pkg-config")
    place = tmp_path_factory.mktemp("c") / "classify"
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "jansson"], capture_output=True, text=True, check=True)
    command = ["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-g"]
    built = subprocess.run([*command, "-o", place, SOURCE, *shlex.split(flags.stdout)], capture_output=True, text=True)
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    return place


@pytest.fixture(scope="module")
def model(client: sqzd.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("data")
    write_records(folder, 200)
    client.import_dataset(folder, "colours")
    assert client.train("colours", "tints", epochs=1, batch_size=20).wait(timeout=300).state == "succeeded"
    return "tints"


def run(program: Path, daemon: RealDaemon, *words: Any) -> "subprocess.CompletedProcess[str]":
    environment = {"SQZD_SOCKET": daemon.socket, "LC_ALL": "C.UTF-8"}
    return subprocess.run([program, *words], env=environment, capture_output=True, text=True, timeout=60)


def test_it_prints_what_the_python_client_finds(
    program: Path, daemon: RealDaemon, client: sqzd.Client, model: str, tmp_path: Path
) -> None:
    sizes = (0, 1, 2)
    for number in sizes:
        # Of every length that base64 treats in its own way: what is behind a PNG file's end is no part of it.
        picture = tmp_path / f"{number}.png"
        picture.write_bytes(client.picture("colours", number) + bytes(number))
        (found,) = client.classify(picture, model=model, top=3).results
        expected = [f"  {100 * one.probability:5.1f} %  {one.name}" for one in found.classes]
        for words in ([picture, model], [picture]):
            done = run(program, daemon, *words)
            assert (done.stdout.splitlines(), done.stderr) == ([f"{picture} (tints@1)", *expected], "")
            assert done.returncode == 0


def test_what_goes_wrong_is_said(program: Path, daemon: RealDaemon, model: str, tmp_path: Path) -> None:
    text = tmp_path / "text.png"
    text.write_text("no picture")
    for words, status, told in [
        ([], 64, "right would be: classify PICTURE [MODEL]"),
        (["none.png"], 66, "none.png: No such file or directory"),
        ([text, model], 1, "io.sqzd.Inference.BadImage"),
        ([text, "absent"], 1, 'io.sqzd.Inference.NoSuchModel {"known":["tints"],"model":"absent"}'),
    ]:
        done = run(program, daemon, *words)
        assert (done.returncode, done.stdout) == (status, "") and told in done.stderr, done.stderr
    environment = {"SQZD_SOCKET": str(tmp_path / "absent")}
    done = subprocess.run([program, text], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 69 and "no daemon at" in done.stderr
