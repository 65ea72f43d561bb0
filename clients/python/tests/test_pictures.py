"""Histories, TensorBoard's files, plots, comparisons and reports, as sqzctl makes them of a real training."""

import csv
import io
import json
import math
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Dict, List, NamedTuple

import pytest
from browser import Browser
from prerequisites import need_programs, unavailable
from real_daemon import RealDaemon
from test_daemon import CLASSES, records

import sqzd

COLUMNS = "time,epoch,loss,accuracy,validationLoss,validationAccuracy,learningRate,imagesPerSecond".split(",")
# What users may call a class.
NAMES = ['<script>alert("x")</script>', "a & b", "'quoted'", *CLASSES[3:]]
EPOCHS = 4


class Jobs(NamedTuple):
    constant: int
    linear: int
    evaluation: int


@pytest.fixture(scope="module")
def jobs(client: sqzd.Client, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "data_batch_1.bin").write_bytes(b"".join(records(200, seed=1)))
    tests = records(100, seed=2)
    for number in range(0, 100, 5):
        tests[number] = bytes([(tests[number][0] + 1 + number % 3) % 10]) + tests[number][1:]
    (folder / "test_batch.bin").write_bytes(b"".join(tests))
    (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n")
    client.import_dataset(folder, "pictures")
    options: Dict[str, Any] = {"recipe": "tutorial", "epochs": EPOCHS, "batch_size": 20, "seed": 1}
    constant = client.train("pictures", "constant", name="plain", **options)
    linear = client.train("pictures", "linear", schedule="linear", learning_rate=0.002, **options)
    for job in (constant, linear):
        assert client.wait(job, timeout=300).state == "succeeded"
    evaluation = client.evaluate("pictures", "linear", mistakes=9)
    assert client.wait(evaluation).state == "succeeded"
    return Jobs(constant, linear, evaluation)


class Program:
    def __init__(self, binaries: Path, daemon: RealDaemon) -> None:
        self.path = binaries / "sqzctl"
        self.environment = {**os.environ, "SQZD_SOCKET": daemon.socket, "LC_ALL": "C.UTF-8"}

    def __call__(self, *words: object, status: int = 0, **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [str(self.path), *map(str, words)],
            env={**self.environment, **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == status, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return done


@pytest.fixture(scope="module")
def run(binaries: Path, daemon: RealDaemon) -> Program:
    return Program(binaries, daemon)


# History


def test_a_history_is_csv_and_json(run: Program, client: sqzd.Client, jobs: Jobs) -> None:
    text = run("history", jobs.linear).stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0]) == COLUMNS and len(rows) == EPOCHS
    epochs = client.history(jobs.linear)
    for row, epoch, number in zip(rows, epochs, range(1, EPOCHS + 1)):
        assert int(row["epoch"]) == epoch.epoch == number
        assert float(row["loss"]) == epoch.loss and float(row["accuracy"]) == epoch.accuracy
        assert float(row["validationLoss"]) == epoch.validation_loss
        assert float(row["validationAccuracy"]) == epoch.validation_accuracy
        # Ten steps an epoch; the rate falls by the step, and a step after the last one would have none.
        assert float(row["learningRate"]) == pytest.approx(0.002 * (1 - (10 * number - 1) / (10 * EPOCHS)), rel=1e-6)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["time"])
    assert [epoch.learning_rate for epoch in client.history(jobs.constant)] == [0.001] * EPOCHS
    told: List[Dict[str, Any]] = json.loads(run("history", jobs.linear, "--format", "json").stdout)
    assert [{name: str(one[name]) for name in COLUMNS[2:7]} for one in told] == [
        {name: str(float(row[name])) for name in COLUMNS[2:7]} for row in rows
    ]
    assert "history" in json.loads(run("history", jobs.linear, "--json").stdout)
    assert run("history", jobs.evaluation).stdout == ",".join(COLUMNS) + "\n"
    assert "no job 9999" in run("history", 9999, status=66).stderr


# TensorBoard


def test_tensorboard_reads_what_is_exported(run: Program, client: sqzd.Client, jobs: Jobs, tmp_path: Path) -> None:
    try:
        from tensorboard.backend.event_processing import event_accumulator
    except ImportError:
        unavailable("PyPI's tensorboard is missing")
    folder = tmp_path / "runs"
    for _ in range(2):
        # Written again, the file is replaced.
        assert f"{EPOCHS} epochs" in run("export-events", jobs.linear, folder).stdout
    assert len(list((folder / f"job-{jobs.linear}").iterdir())) == 1
    events = event_accumulator.EventAccumulator(str(folder / f"job-{jobs.linear}"), {"images": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()
    assert {"loss/training", "loss/validation", "accuracy/validation", "learning rate"} <= set(tags["scalars"])
    epochs = client.history(jobs.linear)
    for tag, values in [
        ("loss/validation", [epoch.validation_loss for epoch in epochs]),
        ("accuracy/training", [epoch.accuracy for epoch in epochs]),
        ("learning rate", [epoch.learning_rate for epoch in epochs]),
    ]:
        scalars = events.Scalars(tag)
        assert [scalar.step for scalar in scalars] == list(range(1, EPOCHS + 1))
        assert [scalar.value for scalar in scalars] == pytest.approx(values)
        assert all(abs(scalar.wall_time - client.show(jobs.linear).submitted_at / 1e6) < 600 for scalar in scalars)
    (text,) = events.Tensors("options")
    assert b"| \\-\\-learning\\-rate | 0\\.002 |" in text.tensor_proto.string_val[0]
    (image,) = events.Images("confusion matrix")
    _check_confusion(image.encoded_image_string, client, jobs)
    run("export-events", jobs.evaluation, folder)
    assert "no figures yet" in run("export-events", client.submit("countdown", hold=True), folder, status=64).stderr
    assert "no/such" in run("export-events", jobs.linear, tmp_path / "no/such", status=74).stderr


def test_tensorboard_shows_hyperparameters(run: Program, client: sqzd.Client, jobs: Jobs, tmp_path: Path) -> None:
    """By the code behind its page: what it asks the plugin for."""
    try:
        from google.protobuf import json_format
        from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
        from tensorboard.context import RequestContext
        from tensorboard.plugins.base_plugin import TBContext
        from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
    except ImportError:
        unavailable("PyPI's tensorboard is missing")
    for id in (jobs.constant, jobs.linear, jobs.evaluation):
        run("export-events", id, tmp_path)
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(tmp_path))
    context = backend_context.Context(TBContext(data_provider=provider, logdir=str(tmp_path)))
    request = RequestContext()
    metadata = context.hparams_metadata(request, "")
    summarized = context.hparams_from_data_provider(request, "", limit=None)
    experiment = context.experiment_from_metadata(request, "", True, metadata, summarized)
    told = {one.name: list(one.domain_discrete.values) for one in experiment.hparam_infos}
    assert {"schedule", "learning-rate", "epochs", "kind", "data set"} <= set(told)
    assert {"accuracy/validation", "outcome/accuracy"} <= {one.name.tag for one in experiment.metric_infos}

    columns = [api_pb2.ColParams(metric=one.name) for one in experiment.metric_infos]
    asked = api_pb2.ListSessionGroupsRequest(
        start_index=0, slice_size=100, col_params=columns, include_metrics=True,
        allowed_statuses=[api_pb2.STATUS_SUCCESS],
    )
    groups = list_session_groups.Handler(request, context, "", asked).run().session_groups
    rows = {group.sessions[0].name: group for group in groups}
    assert set(rows) == {f"job-{id}" for id in (jobs.constant, jobs.linear, jobs.evaluation)}
    linear = rows[f"job-{jobs.linear}"]
    options = {name: json_format.MessageToDict(value) for name, value in linear.hparams.items()}
    job = client.show(jobs.linear)
    assert {name: options[name] for name in job.options} == job.options
    assert options["schedule"] == "linear" and options["data set"] == "pictures" and options["epochs"] == EPOCHS
    assert job.outcome is not None
    (accuracy,) = (value.value for value in linear.metric_values if value.name.tag == "outcome/accuracy")
    assert accuracy == pytest.approx(job.outcome.accuracy)
    (session,) = linear.sessions
    assert session.status == api_pb2.STATUS_SUCCESS
    assert job.started_at is not None and job.ended_at is not None
    assert (session.start_time_secs, session.end_time_secs) == pytest.approx((job.started_at / 1e6, job.ended_at / 1e6))


def test_what_is_followed_is_written_on(run: Program, client: sqzd.Client, jobs: Jobs, tmp_path: Path) -> None:
    folder = tmp_path / "followed"
    words = ["train", "--data", "pictures", "--model", "followed", "--epochs", 3, "--batch-size", 20]
    followed = run(*words, "--tensorboard", folder)
    id = int(followed.stdout.splitlines()[0])
    assert client.show(id).state == "succeeded" and "epoch 3/3" in followed.stdout
    (file,) = (folder / f"job-{id}").iterdir()
    written = file.read_bytes()
    # It is what an export makes in one go.
    run("export-events", id, tmp_path / "exported")
    assert (tmp_path / "exported" / f"job-{id}" / file.name).read_bytes() == written
    # What is there stays, what is missing is added, and what is of something else is replaced.
    number = file.stat().st_ino
    for before, same in [(written, True), (written[:-100], True), (b"x" * 50, False), (written + b"x", False)]:
        file.write_bytes(before)
        run("watch", id, "--tensorboard", folder)
        assert file.read_bytes() == written
        assert (file.stat().st_ino == number) == same
        number = file.stat().st_ino
    run("watch", id, jobs.linear, "--tensorboard", folder)
    assert {path.name for path in folder.iterdir()} == {f"job-{id}", f"job-{jobs.linear}"}
    assert "no/such" in run("watch", id, "--tensorboard", tmp_path / "no/such", status=74).stderr


def _check_confusion(png: bytes, client: sqzd.Client, jobs: Jobs) -> None:
    """What Pillow reads is dark where there are pictures, and white where there are none."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.size == (320, 320)
    outcome = client.show(jobs.linear).outcome
    assert outcome is not None and outcome.measurement is not None
    known = {(cell.label, cell.predicted): cell.pictures for cell in outcome.measurement.confusion}
    assert known
    for label in range(10):
        for predicted in range(10):
            pixel = picture.getpixel((predicted * 32 + 16, label * 32 + 16))
            assert (pixel != (255, 255, 255)) == ((label, predicted) in known)


# Plots


def _is_whole_svg(text: str) -> ElementTree.Element:
    root = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg" and root.get("role") == "img"
    names = (root.get("aria-labelledby") or "").split()
    found = {element.get("id"): element for element in root.iter()}
    assert [found[name].tag for name in names] == [f"{space}title", f"{space}desc"]
    return root


def test_a_plot_is_svg(run: Program, client: sqzd.Client, jobs: Jobs, tmp_path: Path) -> None:
    file = tmp_path / "both.svg"
    run("plot", jobs.constant, jobs.linear, "-o", file)
    root = _is_whole_svg(file.read_text())
    texts = ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]
    for title in ["Loss", "Accuracy", "Learning rate", f"job {jobs.constant} (plain)", f"job {jobs.linear} (linear@1)"]:
        assert title in texts
    paths = [path.get("d") or "" for path in root.iter("{http://www.w3.org/2000/svg}path")]
    # Two runs: loss and accuracy of training and validation, and the rate; the others are the legend's.
    assert len([path for path in paths if path.count("L") == EPOCHS - 1]) == 2 * 5
    height = float(root.get("height") or 0)
    for path in paths:
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path):
            assert 0 <= float(x) <= 640 and 0 <= float(y) <= height
    assert "prefers-color-scheme:dark" in file.read_text()
    words = "".join(root.find("{http://www.w3.org/2000/svg}desc").itertext())  # type: ignore[union-attr]
    last = client.history(jobs.linear)[-1].validation_accuracy
    assert last is not None and f"{100 * last:.1f} % in epoch {EPOCHS}" in words
    assert "exists already; --force replaces it" in run("plot", jobs.linear, "-o", file, status=65).stderr
    run("plot", jobs.linear, "-o", file, "--force")
    assert run("plot", jobs.linear, "-o", "-").stdout == file.read_text()
    assert "right would be a name that ends in .svg or .png" in run("plot", jobs.linear, "-o", "x.gif", status=64).stderr
    assert "13 jobs are too many for a picture; right would be 12" in run("plot", *range(1, 14), status=64).stderr
    assert "without figures of epochs" in run("plot", jobs.evaluation, status=64).stderr


def test_a_plot_is_png_where_there_is_a_program_for_it(run: Program, jobs: Jobs, tmp_path: Path) -> None:
    missing = run("plot", jobs.linear, "-o", tmp_path / "no.png", status=65, PATH="/nowhere").stderr
    assert "librsvg2-bin" in missing and not list(tmp_path.iterdir())
    need_programs("rsvg-convert")
    from PIL import Image

    file = tmp_path / "one.png"
    run("plot", jobs.constant, jobs.linear, "-o", file)
    picture = Image.open(file).convert("RGB")
    assert picture.size[0] == 1280
    colours = {colour for _, colour in picture.getcolors(1 << 24) or []}
    assert {(255, 255, 255), (0, 114, 178), (213, 94, 0)} <= colours


def test_a_plot_without_a_file_is_for_the_terminal(run: Program, jobs: Jobs) -> None:
    lines = run("plot", jobs.constant, jobs.linear).stdout.splitlines()
    assert [line for line in lines if line in ("Loss", "Accuracy", "Learning rate")] == ["Loss", "Accuracy", "Learning rate"]
    assert sum(f"job {jobs.linear} (linear@1), validation" in line for line in lines) == 2
    told = [json.loads(line) for line in run("plot", jobs.constant, jobs.linear, "--json").stdout.splitlines()]
    assert [one["job"]["id"] for one in told] == [jobs.constant, jobs.linear]


# Comparisons


def test_what_differs_is_compared(run: Program, client: sqzd.Client, jobs: Jobs) -> None:
    lines = run("compare", jobs.constant, jobs.linear).stdout.splitlines()
    rows = {line.split("  ")[0]: line for line in lines}
    assert re.search(r"0\.001 +0\.002$", rows["--learning-rate"])
    assert re.search(r"constant +linear$", rows["--schedule"])
    assert "--epochs" not in rows and "--batch-size" not in rows
    assert f"--epochs {EPOCHS}" in lines[-1] and lines[-1].startswith("the same: ")
    told = json.loads(run("compare", "constant@1", jobs.linear, jobs.evaluation, "--json").stdout)
    first, second, third = told["compared"]
    assert first["name"] == "constant@1" and first["job"] == jobs.constant and first["options"]["schedule"] == "constant"
    outcome = client.show(jobs.linear).outcome
    assert outcome is not None and second["accuracy"] == outcome.accuracy and second["loss"] == outcome.loss
    assert second["model"] == "linear@1" and second["size"] == client.model("linear").model.size
    assert third["kind"] == "evaluate" and third["options"]["mistakes"] == "9" and third["seconds"] > 0
    assert {"learning-rate", "schedule", "mistakes"} <= set(told["differing"])
    assert "two or more" in run("compare", jobs.linear, status=64).stderr
    assert "there is no model nothing" in run("compare", "nothing", jobs.linear, status=66).stderr


# Reports

PARTS = ["curves", "confusion", "classes", "reliability", "mistakes", "examples", "origin"]


def test_a_report_is_a_page(run: Program, client: sqzd.Client, jobs: Jobs, tmp_path: Path) -> None:
    need_programs("chromium")
    file = tmp_path / "report.html"
    run("report", "linear@1", "-o", file)
    with Browser() as browser:
        for width, dark in [(1100, False), (360, False), (360, True)]:
            browser.open(file, width=width, dark=dark)
            assert browser.value("[...document.querySelectorAll('section')].map(one => one.id)") == PARTS
            # Nothing is wider than the screen; what is scrolls alone.
            root = "document.documentElement"
            assert browser.value("innerWidth") == width
            assert browser.value(f"{root}.scrollWidth") == browser.value(f"{root}.clientWidth")
            assert browser.value("[...document.images].every(one => one.complete && one.naturalWidth > 0 && one.alt)")
            ground = browser.value("getComputedStyle(document.body).backgroundColor")
            assert ground == ("rgb(22, 22, 22)" if dark else "rgb(255, 255, 255)")
            # Letters that one can read: a drawing is not made smaller than it is.
            scale = browser.value(
                "[...document.querySelectorAll('svg')].map(one => one.clientWidth / one.viewBox.baseVal.width)"
            )
            assert min(scale) > 0.85
            # A number is on one line.
            lines = browser.value(
                """[...document.querySelectorAll('td.number')].map(one => {
                    const range = document.createRange()
                    range.selectNodeContents(one)
                    return range.getClientRects().length
                })"""
            )
            assert set(lines) == {1}
            paper = browser.value("getComputedStyle(document.querySelector('svg .paper')).fill")
            assert paper == ground
            browser.screenshot(tmp_path / f"report-{width}{'-dark' if dark else ''}.png")
        browser.open(file, width=1100)
        assert browser.value("document.querySelectorAll('#mistakes figure').length") == 9
        assert browser.value("document.querySelectorAll('script, link, iframe').length") == 0
        # Users' words are words.
        names = browser.value("[...document.querySelectorAll('#classes tbody th')].map(one => one.textContent)")
        assert names == NAMES
        outcome = client.show(jobs.evaluation).outcome
        assert outcome is not None and outcome.measurement is not None and outcome.accuracy is not None
        examples = browser.value("document.querySelectorAll('#examples figure').length")
        assert examples == len(outcome.measurement.examples) > 0
        cells = browser.value("[...document.querySelectorAll('.matrix td')].map(one => Number(one.textContent))")
        told = {(cell.label, cell.predicted): cell.pictures for cell in outcome.measurement.confusion}
        # The first is the corner.
        assert cells[1:] == [told.get((label, predicted), 0) for label in range(10) for predicted in range(10)]
        tiles = browser.value("document.querySelector('.tiles').textContent")
        assert f"{100 * outcome.accuracy:.2f} %" in tiles
        command = browser.value("document.querySelector('pre').textContent")
        assert command.startswith("sqzctl train --data pictures --model linear ") and "--schedule linear" in command
        bars = browser.value("document.querySelectorAll('#reliability svg rect.f0').length")
        assert bars == sum(one.pictures > 0 for one in outcome.measurement.calibration)
        assert browser.value("[...document.querySelectorAll('svg')].every(one => one.querySelector('title, desc'))")
        # A section that a printer may break, and pictures that it may not.
        browser.open(file, width=800, media="print")
        assert browser.value("getComputedStyle(document.querySelector('figure')).breakInside") == "avoid"
        assert browser.errors == [] and browser.requests == []


def test_a_report_of_what_is_known(run: Program, client: sqzd.Client, jobs: Jobs, tmp_path: Path) -> None:
    # A training measures what it validates; an evaluation knows of the training.
    for word, title in [(jobs.constant, "plain"), (jobs.evaluation, "evaluate")]:
        page = run("report", word, "-o", "-").stdout
        assert f"<h1>Job {word}: {title}</h1>" in page and "<script" not in page
        assert all(f'<section id="{part}"' in page for part in PARTS)
    countdown = client.submit("countdown", {"from": 1})
    client.wait(countdown)
    page = run("report", countdown, "-o", "-").stdout
    assert "sqzctl submit countdown --option from=1" in page and '<section id="confusion"' not in page
    file = tmp_path / "there.html"
    file.write_text("mine")
    assert "exists already" in run("report", jobs.linear, "-o", file, status=65).stderr
    assert file.read_text() == "mine"
    assert "there is no model nothing" in run("report", "nothing", "-o", tmp_path / "x.html", status=66).stderr
    assert not (tmp_path / "x.html").exists()


def test_the_calibration_of_the_page_is_the_daemons(run: Program, client: sqzd.Client, jobs: Jobs) -> None:
    outcome = client.show(jobs.evaluation).outcome
    assert outcome is not None and outcome.measurement is not None
    error = outcome.measurement.calibration_error
    assert error is not None and math.isfinite(error)
    assert f"{100 * error:.2f} %" in run("report", jobs.evaluation, "-o", "-").stdout


# A runner of many epochs: of these the daemon tells the last thousand at once.
LONG = """#!/usr/bin/env python3
import json, sys

def send(parameters, **members):
    sys.stdout.write(json.dumps({"parameters": parameters, **members}) + chr(0))
    sys.stdout.flush()

buffer = ""
while True:
    byte = sys.stdin.read(1)
    if not byte:
        sys.exit(0)
    if byte != chr(0):
        buffer += byte
        continue
    method, buffer = json.loads(buffer)["method"], ""
    if method.endswith(".Describe"):
        kind = {"name": "long", "help": "counts", "dataset": False, "model": "none", "options": []}
        send({"name": "long", "version": "1", "properties": {}, "kinds": [kind], "imports": False, "classifies": False})
    elif method.endswith(".Run"):
        for epoch in range(1, 1006):
            progress = {"epoch": epoch, "epochs": 1005, "step": 1, "steps": 1, "loss": 1 / epoch}
            send({"progress": progress, "epochEnded": True}, continues=True)
        send({"result": {}})
"""


def test_a_history_has_all_epochs(binaries: Path) -> None:
    daemon = RealDaemon(binaries)
    runner = daemon.folder / "runners" / "long"
    runner.write_text(LONG)
    runner.chmod(0o755)
    with daemon, sqzd.Client(daemon.socket) as client:
        id = client.submit("long")
        assert client.wait(id).state == "succeeded"
        assert len(client.history(id)) == 1000
        rows = list(csv.DictReader(io.StringIO(Program(binaries, daemon)("history", id).stdout)))
        assert [int(row["epoch"]) for row in rows] == list(range(1, 1006))
