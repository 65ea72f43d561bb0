"""sqzctl on terminals of several sizes, as a person sees it."""

import re
import subprocess
import threading
import time
from pathlib import Path
from typing import Iterator, List

import pytest
from fake_daemon import Answer, Call, FakeDaemon
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


@pytest.fixture(scope="module")
def measured(client: sqzd.Client, colours: str) -> List[int]:
    """Two trainings and a measurement."""
    options = {"epochs": 2, "validation-share": 0.3, "threads": 1}
    jobs = [client.submit("train", {**options, "seed": seed}, dataset=colours, model="seen", note="a\tb") for seed in (1, 2)]
    jobs.append(client.submit("evaluate", dataset=colours, model="seen"))
    for job in jobs:
        assert client.wait(job).state == "succeeded"
    return [int(job) for job in jobs]


def printed(binaries: Path, socket: str, words: List[str], columns: int) -> List[str]:
    """The lines that were written, whatever a terminal makes of them."""
    with sqzctl(binaries, socket, words, columns, NO_COLOR="1") as terminal:
        terminal.end()
    return terminal.output.decode().replace("\r\n", "\n").split("\n")


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_what_is_printed_fits(
    binaries: Path, daemon: RealDaemon, client: sqzd.Client, measured: List[int], columns: int
) -> None:
    first, second, last = map(str, measured)
    verbs = ["doctor", "recipes", "runners", "info", "disk", "jobs", "models", "model show seen@1", "trian"]
    verbs += [f"show {first}", f"show {last}", f"plot {first} {second}", f"watch {first}", f"compare {first} {second}"]
    verbs += [f"compare seen@1 seen@2 {last}", "submit train -o epoch=3", f"cancel {first}"]
    for verb in verbs:
        lines = printed(binaries, daemon.socket, verb.split(), columns)
        assert max(map(len, lines)) <= columns, f"{verb}:\n" + "\n".join(lines)
        # What is left of a number is another number; a tab is as wide as it likes.
        assert not any(re.search(r"\d…|\t", line) for line in lines), f"{verb}:\n" + "\n".join(lines)
    assert any("a\\tb" in line for line in printed(binaries, daemon.socket, ["show", first], columns))
    words = ["compare", first, second]
    text = " ".join(" ".join(printed(binaries, daemon.socket, words, columns)).split())
    assert "the same: --arch squeezenet-cifar, --batch-size 64, " in text
    assert max(map(len, printed(binaries, daemon.socket, [*words, "--wide"], columns))) > 120


def test_plot_says_what_it_leaves_out(binaries: Path, daemon: RealDaemon, measured: List[int]) -> None:
    words = [str(binaries / "sqzctl"), "--socket", daemon.socket, "plot", *map(str, measured)]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0 and told.stdout.count("validation") == 4
    assert told.stderr == f"job {measured[2]} (seen@2) has no figures of epochs, and is left out\n"
    assert subprocess.run([*words[:4], words[-1]], capture_output=True, timeout=60).returncode == 64


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_how_far_a_job_is_outlives_its_figures(binaries: Path, tmp_path: Path, columns: int) -> None:
    now = int(time.time() * 1e6)
    job = {"runner": "r", "kind": "train", "uid": 0, "priority": 0, "options": {}, "after": [], "submittedAt": now}
    job.update(starts=1, dataset="fashion-mnist", model="a-model-of-which-there-is-none", name="a-name-of-a-sweep")
    progress = {"epoch": 12, "epochs": 100, "step": 120, "steps": 782, "loss": 0.92014, "accuracy": 0.6712}
    progress.update(validationLoss=0.88123, validationAccuracy=0.6953, imagesPerSecond=1234.5, secondsLeft=754)
    running = {**job, "id": 17, "state": "running", "progress": progress}
    waiting = [{**job, "id": 18 + place, "state": "queued", "position": place + 1} for place in range(100)]
    counts = {"queued": 2500, "running": 1, "paused": 0, "succeeded": 0, "failed": 0, "cancelled": 0}
    told = threading.Event()

    def answer(call: Call) -> Iterator[Answer]:
        method = call["method"].split(".")[-1]
        if method == "Monitor":
            yield {"parameters": {"running": [running], "waiting": waiting}, "continues": True}
            told.wait(60)
        elif method == "List":
            yield {"parameters": {"jobs": [running], "total": 1}}
        else:
            machine = {"version": "1", "pid": 1, "uid": 0, "startedAt": now, "stateDirectory": "/", "processors": 1}
            yield {"parameters": {**machine, "dataDirectories": [], "jobs": counts}}

    def is_told(line: str) -> bool:
        return bool(re.search(r" 17 .* (epoch )?12/100  (.*  )?12( min 34 s|:34) left$", f" {line}"))

    with FakeDaemon(tmp_path / "s", answer) as daemon:
        lines = printed(binaries, daemon.path, ["jobs"], columns)
        assert any(map(is_told, lines)) and max(map(len, lines)) <= columns, "\n".join(lines)
        with sqzctl(binaries, daemon.path, ["top"], columns) as terminal:
            lines = terminal.wait(lambda lines: any(map(is_told, lines)))
            assert lines[0] == "1 running, 2,500 waiting, 100 of them listed"[:columns] or columns < 80
            terminal.type("q")
            assert terminal.end() == 0
        told.set()
    # Not even in the first frame.
    assert b"0 running" not in terminal.output


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
