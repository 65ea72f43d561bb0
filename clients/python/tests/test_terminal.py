"""sqzctl on terminals of several sizes, as a person sees it."""

import re
import subprocess
from pathlib import Path
from typing import Iterator, List

import pytest
from fake_daemon import Answer, FakeDaemon
from real_daemon import RealDaemon
from terminal import sqzctl
from test_daemon import CLASSES, records

import sqzd

BLOCKING = {"from": 1000, "delay": 60.0}


@pytest.fixture
def blocked(client: sqzd.Client) -> Iterator[List[int]]:
    """A job that runs, and 59 that wait."""
    jobs = [client.submit("countdown", BLOCKING, priority=100)]
    jobs += [client.submit("countdown", BLOCKING, name=f"waiting-{number}") for number in range(59)]
    yield jobs
    for job in client.jobs(["queued", "running", "paused"], limit=1000):
        client.cancel(job.id)
        client.wait(job.id)


@pytest.fixture(scope="module")
def colours(client: sqzd.Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("import") / "hues"
    folder.mkdir()
    (folder / "data_batch_1.bin").write_bytes(b"".join(records(2000, seed=3)))
    (folder / "test_batch.bin").write_bytes(b"".join(records(40, seed=4)))
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n")
    return client.import_dataset(folder).name


def chosen(lines: List[str]) -> List[str]:
    return [line for line in lines if line.startswith("▸ ")]


def test_top_shows_what_fits_and_keys_do_something(
    binaries: Path, daemon: RealDaemon, client: sqzd.Client, blocked: List[int]
) -> None:
    running, waiting = blocked[0], blocked[1:]
    with sqzctl(binaries, daemon.socket, ["top"], 80) as terminal:
        lines = terminal.wait(lambda lines: lines[0] == "1 running, 59 waiting" and "1 to 20 of 60" in lines[23])
        assert len(lines) == 24
        assert re.match(rf"▸ +{running} .*running", lines[3]), "what runs comes first"
        assert all(re.match(rf"  +{id} ", line) for id, line in zip(waiting, lines[4:23]))
        assert "q quit" in lines[23]

        # Down below the last row that is seen, to the end, and back.
        terminal.type("\x1b[B" * 25)
        lines = terminal.wait(lambda lines: any(f" {waiting[24]} " in line for line in chosen(lines)))
        assert "7 to 26 of 60" in lines[23]
        terminal.type("G")
        terminal.wait(lambda lines: "41 to 60 of 60" in lines[23] and f" {waiting[-1]} " in chosen(lines)[0])
        terminal.type("\x1b[5~")
        terminal.wait(lambda lines: f" {waiting[-21]} " in chosen(lines)[0])
        terminal.type("g")
        terminal.wait(lambda lines: f" {running} " in chosen(lines)[0])

        # The second one is paused, and leaves the queue; the third one gets another priority, and is chosen where it goes.
        terminal.type("jp")
        terminal.wait(lambda lines: f"job {waiting[0]} is being paused" in lines[23] and "58 waiting" in lines[0])
        assert client.show(waiting[0]).state == "paused"
        terminal.type("gjj--")
        terminal.wait(lambda lines: f"job {waiting[2]} has priority -2" in lines[23])
        terminal.wait(lambda lines: bool(chosen(lines)) and f" {waiting[2]} " in chosen(lines)[0])
        assert client.show(waiting[2]).priority == -2

        # Cancelling is asked about.
        terminal.type("gjcn")
        terminal.wait(lambda lines: "q quit" in lines[23])
        assert client.show(waiting[1]).state == "queued"
        terminal.type("c")
        terminal.wait(lambda lines: f"cancel job {waiting[1]}?" in lines[23])
        terminal.type("y")
        terminal.wait(lambda lines: "57 waiting" in lines[0] and f"job {waiting[1]} is being cancelled" in lines[23])
        assert client.show(waiting[1]).state == "cancelled"

        terminal.resize(40, 12)
        lines = terminal.wait(lambda lines: "1 to 8 of 58" in lines[11])
        assert all(len(line) <= 40 for line in lines)

        terminal.type("q")
        assert terminal.end() == 0
    assert terminal.output.endswith(b"\x1b[?25h\x1b[?1049l"), "the terminal is as it was"


def test_top_ends_with_ctrl_c(binaries: Path, daemon: RealDaemon) -> None:
    with sqzctl(binaries, daemon.socket, ["top"], 80) as terminal:
        terminal.wait(lambda lines: "q quit" in lines[23])
        terminal.type("\x03")
        assert terminal.end() == 0
    assert terminal.output.endswith(b"\x1b[?25h\x1b[?1049l")


def test_top_without_utf8_and_colours(binaries: Path, daemon: RealDaemon, blocked: List[int]) -> None:
    with sqzctl(binaries, daemon.socket, ["top"], 80, LC_ALL="C", NO_COLOR="1") as terminal:
        terminal.wait(lambda lines: lines[3].startswith("> "))
        terminal.type("q")
        assert terminal.end() == 0
    assert terminal.output.isascii()
    assert not re.search(rb"\x1b\[[0-9;]*m", terminal.output)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_several_jobs_are_lines_that_are_replaced(
    binaries: Path, daemon: RealDaemon, client: sqzd.Client, colours: str, columns: int
) -> None:
    sweep = client.sweep(
        "train", {"seed": [1, 2, 3]}, {"epochs": 2, "batch-size": 4, "threads": 1}, dataset=colours, model="live"
    )
    with sqzctl(binaries, daemon.socket, ["watch", sweep.name], columns, 30) as terminal:
        bar = re.compile(r"^job \d+  [█▏▎▍▌▋▊▉░]{6,}  epoch 2/2  .*\d:\d\d left$")
        lines = terminal.wait(lambda lines: any(bar.match(line) for line in lines))
        # One line for each job that runs and one for the others, below what stays.
        assert sum(bool(bar.match(line)) for line in lines) == 1
        assert any(re.fullmatch(r"2 wait(, \d have ended)?|1 wait, 1 have ended|2 have ended", line) for line in lines)
        assert terminal.end() == 0
        left = [line for line in terminal.lines if line]
        assert not any(" left" in line or " wait" in line for line in left), "\n".join(left)
    assert [client.show(id).state for id in sweep.ids] == ["succeeded"] * 3


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_tables_fit(binaries: Path, daemon: RealDaemon, client: sqzd.Client, columns: int) -> None:
    job = client.submit("countdown", hold=True, name="a-name-that-is-so-long-that-it-does-not-fit-anywhere", note="n")
    with sqzctl(binaries, daemon.socket, ["jobs", "--state", "paused"], columns) as terminal:
        assert terminal.end() == 0
        text = terminal.output.decode().replace("\r\n", "\n")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert all(len(line) <= columns for line in plain)
    assert "\x1b[33mpaused\x1b[0m" in text
    assert f"{job}" in plain[-1]
    assert columns < 80 or "a-name-" in plain[-1] and "anywhere  " in plain[-1]
    client.cancel(job)


@pytest.mark.parametrize("refusals", [4, 5])
@pytest.mark.parametrize("pictures", [1, 2])
def test_classify_comes_again_a_few_times(refusals: int, pictures: int, binaries: Path, tmp_path: Path) -> None:
    busy: Answer = {"error": "io.sqzd.Inference.Busy", "parameters": {"limit": 256, "place": 257, "seconds": 0}}
    result = {"classes": [{"index": 0, "name": "cat", "probability": 1.0}]}
    answers = iter([busy] * refusals + [{"parameters": {"model": "x@1", "results": [result] * pictures}}])
    names = [str(tmp_path / f"{number}.bin") for number in range(pictures)]
    for name in names:
        Path(name).write_bytes(bytes(3072))
    with FakeDaemon(tmp_path / "s", lambda _: [next(answers)]) as daemon:
        words = [str(binaries / "sqzctl"), "--socket", daemon.path, "classify", *names]
        told = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert len(daemon.calls) == 5
    assert told.returncode == (75 if refusals == 5 else 0), told.stderr
    assert ("cat" in told.stdout) == (refusals == 4)
