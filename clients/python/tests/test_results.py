"""What becomes of jobs, as columns and arrays, and errors in words."""

import copy
import pwd
import re
import subprocess
from pathlib import Path
from typing import Any, List

import numpy
import pytest
from contract import ERRORS, EXAMPLES
from fake_daemon import FakeDaemon
from test_daemon import CLASSES, records

import sqzd
from sqzd import columns

EPOCHS = 3


@pytest.fixture(scope="module")
def training(client: sqzd.Client, tmp_path_factory: pytest.TempPathFactory) -> sqzd.JobHandle:
    folder = tmp_path_factory.mktemp("data")
    (folder / "data_batch_1.bin").write_bytes(b"".join(records(200, seed=1)))
    (folder / "test_batch.bin").write_bytes(b"".join(records(40, seed=2)))
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n")
    client.import_dataset(folder, "colours")
    # What NumPy calculates, people hand on.
    job = client.train(
        "colours", "colours", epochs=numpy.int64(EPOCHS), batch_size=numpy.uint8(20),  # type: ignore[arg-type]
        learning_rate=numpy.float32(0.001), dropout=numpy.bool_(True),  # type: ignore[arg-type]
    )
    assert job.wait(timeout=300).state == "succeeded"
    return job


def test_numbers_of_numpy_are_numbers(client: sqzd.Client, training: sqzd.JobHandle) -> None:
    options = training.show().options
    assert (options["epochs"], options["batch-size"], options["dropout"]) == (EPOCHS, 20, True)
    assert options["learning-rate"] == pytest.approx(0.001)
    held = client.train("colours", hold=True, after=[numpy.int64(training), training])  # type: ignore[list-item]
    # Twice the same is once.
    assert [dependency.job for dependency in held.show().after] == [training]
    rates = numpy.linspace(0.001, 0.002, 2, dtype=numpy.float32)
    swept = client.sweep("train", {"learning-rate": rates, "seed": numpy.arange(1, 3)}, {"epochs": 1}, dataset="colours", hold=True)
    assert len(swept.ids) == 4
    for id in [held, *swept.ids]:
        assert client.job(id).cancel().state == "cancelled"


@pytest.mark.parametrize(
    "value, told",
    [
        (numpy.float32("nan"), "learning-rate: nan can't be said in JSON; right would be a finite number"),
        (numpy.array([0.1, 0.2]), r"learning-rate: array\(\[0.1, 0.2\]\), of type ndarray, can't be said in JSON; right would be text"),
        (Path("x"), r"learning-rate: .*, of type PosixPath, can't be said in JSON; right would be text"),
        (1j, "learning-rate: 1j, of type complex, can't be"),
    ],
)
def test_what_is_no_value_is_named(client: sqzd.Client, value: Any, told: str) -> None:
    with pytest.raises((TypeError, ValueError), match="io.sqzd.Jobs.Submit: " + told):
        client.train("colours", learning_rate=value)


def test_a_job_is_its_id(client: sqzd.Client, training: sqzd.JobHandle) -> None:
    assert training == int(training) and f"{training}" == str(int(training))
    assert client.show(training) == training.show() == client.job(int(training)).show()
    assert type(copy.deepcopy(training)) is int and copy.copy(training) == training
    held = client.train("colours", hold=True)
    assert held.prioritize(-3).priority == -3
    assert held.resume().state in ("queued", "running")
    assert held.pause().state in ("paused", "running")
    held.cancel()
    assert held.wait().state == "cancelled"
    assert [event.state for event in held.watch() if event.kind == "state"][-1] == "cancelled"
    assert held.retry().state in ("queued", "running")
    held.cancel()
    held.wait()
    assert training.logs()
    with pytest.raises(sqzd.JobEnded, match=f"job {training} has ended already: succeeded"):
        training.finish()


def test_a_history_is_columns(client: sqzd.Client, training: sqzd.JobHandle) -> None:
    history = training.history()
    told = client.history(training)
    assert history.rows == EPOCHS and history["epoch"] == [1, 2, 3]
    assert history["loss"] == [one.loss for one in told]
    assert history["validation_accuracy"] == [one.validation_accuracy for one in told]
    arrays = history.numpy()
    assert arrays["loss"].dtype == float and arrays["epoch"].dtype.kind == "i"
    pandas = pytest.importorskip("pandas")
    frame = history.pandas()
    assert frame.equals(pandas.DataFrame(history)) and list(frame["epoch"]) == [1, 2, 3]
    with pytest.raises(sqzd.NoSuchJob, match="^there is no job 99999$"):
        client.job(99999).history()


def test_what_is_unknown_is_nan() -> None:
    gappy = columns.Columns(epoch=[1, 2], loss=[0.5, None], name=["a", None])
    arrays = gappy.numpy()
    assert numpy.isnan(arrays["loss"]).tolist() == [False, True]
    assert arrays["name"].tolist() == ["a", None]
    assert columns.Columns().rows == 0


def test_a_long_history_is_asked_for_from_its_beginning(tmp_path: Path) -> None:
    event = {"time": 1, "kind": "epoch", "progress": {"epoch": 1, "epochs": 9, "step": 1, "steps": 1}}

    def numbered(number: int) -> Any:
        return {**event, "sequence": number, "progress": {**event["progress"], "epoch": number}}  # type: ignore[dict-item]

    def answer(call: Any) -> List[Any]:
        if call.get("more"):
            return [{"parameters": {"event": numbered(number)}, "continues": True} for number in range(1, 9)]
        job = EXAMPLES["io.sqzd.Jobs.Show"]["replies"][0]["parameters"]["job"]
        return [{"parameters": {"job": job, "history": [numbered(4), numbered(5)]}}]

    with FakeDaemon(tmp_path / "s", answer) as daemon, sqzd.Client(daemon.path) as client:
        assert client.history_columns(1)["epoch"] == [1, 2, 3, 4, 5]


def test_predictions_are_arrays(client: sqzd.Client, training: sqzd.JobHandle) -> None:
    job = client.predict("colours", "colours", top=3)
    job.wait()
    predictions = list(job.predictions())
    arrays = job.prediction_arrays()
    assert arrays.classes.shape == arrays.probabilities.shape == (40, 3)
    assert arrays.picture.tolist() == list(range(40))
    assert arrays.label.tolist() == [one.label for one in predictions]
    assert arrays.classes[:, 0].tolist() == [one.classes[0].index for one in predictions]
    matrix = arrays.matrix(10)
    assert (matrix.argmax(axis=1) == arrays.classes[:, 0]).all()
    assert (matrix.sum(axis=1) == pytest.approx(arrays.probabilities.sum(axis=1)))
    table = job.prediction_columns()
    assert table.rows == 40 and table["predicted"] == arrays.classes[:, 0].tolist()
    assert table["name"] == [CLASSES[index] for index in table["predicted"]]
    assert table["probability"] == arrays.probabilities[:, 0].tolist()
    assert [one.file for one in predictions] == table["file"]


def test_predictions_of_unequal_lengths_and_without_labels() -> None:
    likely = [sqzd.ClassProbability(2, "c", 0.75), sqzd.ClassProbability(0, "a", 0.25)]
    told = [sqzd.Prediction(0, None, likely, None), sqzd.Prediction(1, 2, likely[:1], None), sqzd.Prediction(2, 1, [], None)]
    arrays = columns.prediction_arrays(told)
    assert arrays.classes.tolist() == [[2, 0], [2, -1], [-1, -1]] and arrays.label.tolist() == [-1, 2, 1]
    assert arrays.matrix(3).tolist() == [[0.25, 0, 0.75], [0, 0, 0.75], [0, 0, 0]]
    assert columns.prediction_arrays([]).classes.shape == (0, 0)
    assert columns.prediction_columns(told)["name"] == ["c", "c", None]


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match="pandas is missing; right would be: pip install pandas. Columns are lists"):
        columns.Columns(a=[1]).pandas()


def with_names(text: str) -> str:
    """sqzctl knows users by their names."""

    def name(found: "re.Match[str]") -> str:
        try:
            return pwd.getpwuid(int(found[1])).pw_name
        except KeyError:
            return found[0]

    return re.sub(r"\buid (\d+)", name, text)


# What sqzctl says of its own verbs and options, Python says of its own methods.
OWN_WORDS = ("NoDatasets", "NoModels", "NoSuchModel")


@pytest.mark.parametrize("name", [name for name in ERRORS if name.startswith("io.sqzd.")])
def test_errors_are_the_sentences_of_sqzctl(name: str, binaries: Path, tmp_path: Path) -> None:
    reply = EXAMPLES[name]["replies"][-1]
    error = sqzd.SqzdError.of_reply(reply["error"], reply.get("parameters", {}))
    assert str(error) and name not in str(error), "it has no sentence in sentences.py"
    if name.rpartition(".")[2] in OWN_WORDS or name.startswith("io.sqzd.Runner."):
        return
    # Of another interface's error it says the same.
    with FakeDaemon(tmp_path / "s", lambda _: [reply]) as daemon:
        done = subprocess.run(
            [binaries / "sqzctl", "--socket", daemon.path, "info"], capture_output=True, encoding="utf-8", timeout=60
        )
    assert done.stderr == f"sqzctl: {with_names(str(error))}\n"


def test_an_error_of_a_newer_daemon_is_its_name() -> None:
    error = sqzd.SqzdError.of_reply("io.sqzd.Jobs.Tired", {"of": "jobs"})
    assert str(error) == 'io.sqzd.Jobs.Tired: of "jobs"'
    # One that lacks what its interface says.
    assert str(sqzd.SqzdError.of_reply("io.sqzd.Jobs.NoSuchJob", {})) == "io.sqzd.Jobs.NoSuchJob"
