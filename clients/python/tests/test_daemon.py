"""The client against a real daemon: a small data set from its import to its predictions."""

import base64
import os
import random
import re
import socket
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Iterator, List, Sequence

import pytest
from contract import DESCRIPTIONS, EXAMPLES, identical
from real_daemon import RealDaemon

import sqzd
from sqzd import inference

CLASSES = ["red", "green", "blue", "yellow", "cyan", "magenta", "orange", "violet", "lime", "azure"]
COLOURS = [
    (230, 20, 20),
    (20, 230, 20),
    (20, 20, 230),
    (230, 230, 20),
    (20, 230, 230),
    (230, 20, 230),
    (230, 120, 20),
    (120, 20, 230),
    (120, 230, 20),
    (20, 120, 230),
]
TRAIN, TEST = 500, 100


def records(count: int, seed: int) -> List[bytes]:
    """CIFAR-10 records: every picture is of its class's colour, with noise."""
    noise = random.Random(seed)
    made = []
    for number in range(count):
        label = number % len(CLASSES)
        planes = b"".join(bytes(colour + noise.randrange(-20, 21) for _ in range(1024)) for colour in COLOURS[label])
        made.append(bytes([label]) + planes)
    return made


def write_records(folder: Path, train: int, test: Sequence[bytes] = ()) -> None:
    """A data set of these colours: records to train, and those to test, if there are any."""
    (folder / "data_batch_1.bin").write_bytes(b"".join(records(train, seed=1)))
    if test:
        (folder / "test_batch.bin").write_bytes(b"".join(test))
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n")


@pytest.fixture(scope="module")
def pictures() -> List[bytes]:
    return records(TEST, seed=2)


@pytest.fixture(scope="module")
def dataset(client: sqzd.Client, pictures: List[bytes], tmp_path_factory: pytest.TempPathFactory) -> sqzd.Dataset:
    folder = tmp_path_factory.mktemp("import") / "colours"
    folder.mkdir()
    write_records(folder, TRAIN, pictures)
    imported = client.import_dataset(folder)
    assert client.import_dataset(folder) == imported, "the same data again change nothing"
    return imported


@pytest.fixture(scope="module")
def training(client: sqzd.Client, dataset: sqzd.Dataset) -> sqzd.Job:
    return client.wait(client.train(dataset.name, "colours", epochs=1, batch_size=20, seed=1), timeout=300)


@pytest.fixture(scope="module")
def prediction(client: sqzd.Client, dataset: sqzd.Dataset, training: sqzd.Job) -> sqzd.Job:
    return client.wait(client.predict(dataset.name, "colours@1"), timeout=300)


def test_an_empty_daemon_answers_as_the_examples(binaries: Path) -> None:
    replayed = []
    with RealDaemon(binaries) as empty:
        for name, example in EXAMPLES.items():
            if not example.get("emptyDaemon"):
                continue
            call, reply = example["call"], example["replies"][-1]
            with sqzd.Client(empty.socket) as client, pytest.raises(sqzd.SqzdError) as raised:
                client.call(call["method"], **call.get("parameters", {}))
            found = {"error": raised.value.name, "parameters": raised.value.parameters}
            assert identical(found) == identical({"parameters": {}, **reply}), name
            replayed.append(name)
        with sqzd.Client(empty.socket) as client:
            assert (client.jobs(), client.models(), client.datasets()) == ([], [], [])
    assert replayed


def test_serves_the_interface_files(client: sqzd.Client) -> None:
    served = client.call("org.varlink.service.GetInfo")["interfaces"]
    assert set(served) >= set(DESCRIPTIONS) - {"io.sqzd.Runner"} | {"org.varlink.service"}
    for name, text in DESCRIPTIONS.items():
        assert client.call("org.varlink.service.GetInterfaceDescription", interface=name) == {"description": text}


def test_info_and_runners(client: sqzd.Client, daemon: RealDaemon) -> None:
    info = client.info()
    assert info.pid == daemon.process.pid
    assert info.state_directory == str(daemon.folder / "state")
    runners = {runner.name: runner for runner in client.runners()}
    assert {runner.error for runner in runners.values()} == {None}
    assert {kind.name for kind in runners["squeezenet"].kinds} >= {"train", "evaluate", "predict"}
    (kind,) = runners["countdown"].kinds
    assert [option.name for option in kind.options] == ["from", "delay", "crash"]


def test_imported(client: sqzd.Client, dataset: sqzd.Dataset) -> None:
    assert (dataset.name, dataset.format, dataset.classes) == ("colours", "cifar-10", CLASSES)
    assert (dataset.train, dataset.test, dataset.height, dataset.width) == (TRAIN, TEST, 32, 32)
    assert (dataset.train_by_class, dataset.test_by_class) == ([TRAIN // 10] * 10, [TEST // 10] * 10)
    assert client.datasets() == [dataset]
    assert client.dataset("colours") == dataset


def test_trained_and_watched(client: sqzd.Client, training: sqzd.Job) -> None:
    assert (training.state, training.kind, training.dataset) == ("succeeded", "train", "colours")
    assert training.outcome is not None and training.outcome.model == "colours@1"
    events = list(client.watch(training.id))
    assert [event.state for event in events if event.kind == "state"] == ["queued", "running", "succeeded"]
    assert [event.progress.epoch for event in events if event.kind == "epoch" and event.progress] == [1]
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert list(client.watch(training.id, after=2)) == events[2:]
    # A list leaves out what it came to class by class.
    assert training.id in [job.id for job in client.jobs(["succeeded"])]
    assert client.logs(training.id)

    shown = client.model("colours")
    assert (shown.model.version, shown.model.job, shown.model.classes) == (1, training.id, CLASSES)
    assert shown.model.parameters == sum(layer.parameters for layer in shown.layers) == 146570
    assert shown.model in client.models()


def test_evaluation_predictions_and_classify_agree(
    client: sqzd.Client, dataset: sqzd.Dataset, prediction: sqzd.Job, pictures: List[bytes]
) -> None:
    assert prediction.outcome is not None and prediction.outcome.predictions == TEST
    predictions = list(client.predictions(prediction.id))
    assert [found.picture for found in predictions] == list(range(TEST))
    assert [found.label for found in predictions] == [picture[0] for picture in pictures]
    assert list(client.predictions(prediction.id, first=TEST - 3)) == predictions[-3:]

    evaluation = client.wait(client.evaluate(dataset.name, "colours"), timeout=300)
    assert evaluation.outcome is not None and evaluation.outcome.images == TEST
    right = sum(found.label == found.classes[0].index for found in predictions)
    assert evaluation.outcome.accuracy == pytest.approx(right / TEST)

    for picture, found in zip(pictures[:10], predictions):
        classified = client.classify(picture, top=10)
        (result,) = classified.results
        assert classified.model == "colours@1"
        assert (result.label, result.classes[0].index) == (picture[0], found.classes[0].index)
        assert sum(likely.probability for likely in result.classes) == pytest.approx(1, abs=1e-5)
        assert {likely.name for likely in result.classes} == set(CLASSES)
    unlabelled = client.classify([picture[1:] for picture in pictures[:10]])
    assert [result.label for result in unlabelled.results] == [None] * 10
    assert [result.classes[0].index for result in unlabelled.results] == [
        found.classes[0].index for found in predictions[:10]
    ]


def test_dead_network_warns_and_is_no_default(
    client: sqzd.Client, dataset: sqzd.Dataset, training: sqzd.Job, pictures: List[bytes]
) -> None:
    job = client.train(dataset.name, model="dead", recipe="tutorial", epochs=2, batch_size=50, learning_rate=1.0)
    dead = client.wait(job, timeout=300)
    assert dead.outcome is not None and dead.outcome.warning is not None
    assert dead.outcome.warning.startswith("no better than chance")
    assert dead.progress is not None and dead.progress.warning == dead.outcome.warning
    assert client.model("dead").model.warning == dead.outcome.warning
    assert training.outcome is not None and training.outcome.warning is None
    assert client.classify(pictures[0]).model == "colours@1"
    assert client.classify(pictures[0], model="dead").model == "dead@1"
    evaluation = client.wait(client.submit("evaluate", dataset=dataset.name), timeout=300)
    assert evaluation.model == "colours@1"
    assert evaluation.outcome is not None and evaluation.outcome.measured == "the test pictures"
    client.remove_model("dead")


def test_plug_in_counts_down_before_two_watchers(client: sqzd.Client) -> None:
    job = client.submit("countdown", {"from": 4, "delay": 0.05})
    watchers = [client.watch(job), client.watch(job)]
    kept = [[event for event in watcher if event.sequence is not None] for watcher in watchers]
    assert kept[0] == kept[1]
    assert [event.state for event in kept[0] if event.kind == "state"] == ["queued", "running", "succeeded"]
    assert client.logs(job)[-1] == "0"


def test_running_job_is_cancelled(client: sqzd.Client) -> None:
    job = client.submit("countdown", {"from": 1000, "delay": 60})
    watcher = client.watch(job)
    assert next(event for event in watcher if event.state == "running")
    client.cancel(job)
    assert list(watcher)[-1].state == "cancelled"
    assert client.show(job).state == "cancelled"
    with pytest.raises(sqzd.JobEnded) as raised:
        client.cancel(job)
    assert raised.value.parameters == {"id": job, "state": "cancelled"}


def test_queued_job_is_cancelled(client: sqzd.Client) -> None:
    first = client.submit("countdown", {"from": 1000, "delay": 60})
    second = client.submit("countdown", after=[first])
    assert client.show(second).state == "queued"
    assert client.cancel(second).state == "cancelled"
    client.cancel(first)
    assert client.wait(first, timeout=60).state == "cancelled"


def test_crash_fails_the_job(client: sqzd.Client) -> None:
    job = client.wait(client.submit("countdown", {"crash": True}), timeout=60)
    assert job.state == "failed" and job.reason
    assert job.starts == 4 and job.reason.endswith("4 times in a row without getting further")
    assert client.logs(job.id)[-1] == "RuntimeError: told to crash"


def test_errors(client: sqzd.Client, dataset: sqzd.Dataset, training: sqzd.Job, tmp_path: Path) -> None:
    with pytest.raises(sqzd.NoSuchJob):
        client.show(100_000)
    with pytest.raises(sqzd.NoSuchJob):
        list(client.watch(100_000))
    with pytest.raises(sqzd.NoSuchKind) as kind:
        client.submit("trian")
    assert set(kind.value.parameters["kinds"]) >= {"train", "evaluate", "predict", "countdown"}
    with pytest.raises(sqzd.InvalidOption) as option:
        client.train("colours", epochs=-1)
    assert option.value.parameters["option"] == "epochs"
    with pytest.raises(sqzd.InvalidOption):
        client.train("colours", epoch=1)
    with pytest.raises(sqzd.NoSuchDataset) as unknown:
        client.train("colors", epochs=1)
    assert unknown.value.parameters == {"dataset": "colors", "known": ["colours"]}
    with pytest.raises(sqzd.NoSuchModel):
        client.evaluate("colours", "colours@7")
    with pytest.raises(sqzd.BadImage) as image:
        client.classify([bytes(3072), bytes(3071)])
    assert image.value.parameters["index"] == 1
    with pytest.raises(sqzd.ExpectedMore):
        client.call("io.sqzd.Jobs.Watch", id=training.id)
    with pytest.raises(sqzd.InvalidParameter):
        client.call("io.sqzd.Jobs.Show", id="1")
    (tmp_path / "data_batch_1.bin").write_bytes(bytes(3072))
    with pytest.raises(sqzd.BadData) as data:
        client.import_dataset(tmp_path, "short")
    assert data.value.parameters["file"] == "data_batch_1.bin"


def test_any_number_of_pictures_is_classified(
    client: sqzd.Client, training: sqzd.Job, pictures: List[bytes]
) -> None:
    count = 2 * inference.IMAGES_PER_CALL + 3
    many = [pictures[number % TEST] for number in range(count)]
    classified = client.classify(many, model="colours", top=1)
    assert [found.label for found in classified.results] == [picture[0] for picture in many]
    assert classified.results[-3:] == client.classify(many[-3:], model="colours", top=1).results
    assert classified.model == "colours@1"
    many[count - 2] = b"none"
    with pytest.raises(sqzd.BadImage) as bad:
        client.classify(many, model="colours")
    assert bad.value.parameters["index"] == count - 2


def test_pictures_are_taken_as_programs_have_them(
    client: sqzd.Client, training: sqzd.Job, pictures: List[bytes], tmp_path: Path
) -> None:
    numpy = pytest.importorskip("numpy")
    image = pytest.importorskip("PIL.Image")
    planes = numpy.frombuffer(pictures[3][1:], numpy.uint8).reshape(3, 32, 32)
    array = numpy.ascontiguousarray(planes.transpose(1, 2, 0))
    pil = image.fromarray(array)
    path = tmp_path / "picture.jpg"
    pil.save(path, "PNG")
    wanted = client.classify(pictures[3][1:], model="colours").results
    for picture in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), pil, array, pil.convert("RGBA")):
        assert client.classify(picture, model="colours").results == wanted
    assert client.classify(numpy.stack([array, array]), model="colours").results == wanted * 2
    assert client.classify([array, pil, str(path)], model="colours").results == wanted * 3

    large = numpy.asarray(pil.resize((200, 101)))
    file = tmp_path / "large.png"
    image.fromarray(large).save(file)
    assert client.classify(large).results == client.classify(file).results
    # Its sides are exchanged by what EXIF says, which goes with the image.
    turned = image.fromarray(large)
    turned.getexif()[0x0112] = 6
    assert client.classify(turned).results == client.classify(numpy.rot90(large, -1)).results
    assert client.classify(pil.convert("CMYK")).results == client.classify(pil.convert("CMYK").convert("RGB")).results

    for wrong in (array.astype("float32"), array[:, :, 0], array[:, :, :2], array[:0], numpy.uint8(3)):
        with pytest.raises((TypeError, ValueError), match="right would be"):
            client.classify(wrong)
    for wrong in (3, None, [None], {"a": 1}.items(), pil.convert("F")):
        with pytest.raises((TypeError, ValueError), match="right would be"):
            client.classify(wrong)
    with pytest.raises(FileNotFoundError):
        client.classify(tmp_path / "none.png")
    with pytest.raises(sqzd.BadImage) as bad:
        client.classify([path, bytes(inference.IMAGE_BYTES + 1)])
    assert bad.value.parameters["index"] == 1


def test_bad_pictures_stop_no_others(
    client: sqzd.Client, training: sqzd.Job, pictures: List[bytes], tmp_path: Path
) -> None:
    bad = {5: b"none", 700: tmp_path / "none.png", 701: bytes(inference.IMAGE_BYTES + 1)}
    count = 1_000
    given = 0

    def many() -> Iterator[Any]:
        nonlocal given
        for number in range(count):
            given += 1
            yield bad.get(number, pictures[number % TEST])

    results = client.classify_each(many(), model="colours", top=1)
    found = [next(results)]
    # The first answers do not wait for the last pictures.
    assert given < count
    found += results
    assert [number for number, result in enumerate(found) if result.problem] == sorted(bad)
    assert [result.label for number, result in enumerate(found) if number not in bad] == [
        pictures[number % TEST][0] for number in range(count) if number not in bad
    ]
    assert "this is text" in str(found[5].problem) and "No such file" in str(found[700].problem)
    assert "12,000,000" in str(found[701].problem) and found[701].classes == []
    assert list(client.classify_each([])) == []


def test_what_is_beyond_a_call_is_sent_again(
    client: sqzd.Client, training: sqzd.Job, pictures: List[bytes], tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "large.png"
    image.new("1", (9000, 9000)).save(path)
    many: List[Any] = [pictures[1], *[path] * 9, pictures[2], b"none", pictures[3]]
    answers = client.call(
        "io.sqzd.Inference.Classify",
        images=[base64.b64encode(path.read_bytes()).decode()] * 9,
        model="colours",
        skipBad=True,
    )["results"]
    assert [answer.get("again") for answer in answers] == [None] * 8 + [True]
    found = list(client.classify_each(many, model="colours", top=1))
    assert [result.label for result in found] == [pictures[1][0], *[None] * 9, pictures[2][0], None, pictures[3][0]]
    assert [number for number, result in enumerate(found) if result.problem] == [11]
    with pytest.raises(sqzd.BadImage) as bad:
        client.classify(many, model="colours")
    assert bad.value.parameters["index"] == 11
    del many[11]
    assert client.classify(many, model="colours", top=1).results == found[:11] + found[12:]


def test_an_idle_runner_gives_back_what_photographs_took(
    daemon: RealDaemon, client: sqzd.Client, training: sqzd.Job, tmp_path: Path
) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "noise.png"
    image.frombytes("RGB", (256, 256), random.Random(1).randbytes(3 * 256 * 256)).save(path)

    def private() -> int:
        """Bytes of the model's runner's private memory (RssAnon, proc(5))."""
        children = [path.read_text() for path in Path(f"/proc/{daemon.process.pid}/task").glob("*/children")]
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in " ".join(children).split()]
        (found,) = [status for status in statuses if "sqz-runner" in status]
        return 1024 * int(re.findall(r"RssAnon:\s+(\d+)", found)[0])

    found = client.classify([path] * 200, model="colours").results
    assert len(found) == 200
    taken = private()
    # Nobody tells when it was given back. What lies at the end of the decoding threads' heaps malloc_trim(3) leaves: some MB each.
    deadline = time.monotonic() + 60
    while private() > 0.8 * taken and time.monotonic() < deadline:
        time.sleep(0.2)
    assert private() <= 0.8 * taken, f"{taken} bytes at first"
    assert client.classify([path] * 200, model="colours").results == found


def test_what_has_ended_needs_no_time_to_be_waited_for(client: sqzd.Client) -> None:
    job = client.submit("countdown", {"from": 1000, "delay": 60})
    with pytest.raises(TimeoutError):
        client.wait(job, timeout=0)
    client.cancel(job)
    client.wait(job, timeout=60)
    assert client.wait(job, timeout=0).state == "cancelled"


def test_mirrored_pictures_are_classified_as_they_are_predicted(
    client: sqzd.Client, training: sqzd.Job, pictures: List[bytes]
) -> None:
    assert training.dataset is not None and training.outcome is not None and training.outcome.model is not None
    model = training.outcome.model
    found = list(client.predictions(client.wait(client.predict(training.dataset, model, tta="flip")).id))
    both = client.classify([picture[1:] for picture in pictures], model=model, flip=True).results
    plain = client.classify([picture[1:] for picture in pictures], model=model).results
    assert [result.classes for result in both] == [prediction.classes for prediction in found]
    assert [result.classes for result in plain] != [result.classes for result in both]
    # Calls that wait together are each answered as they ask.
    one, other = client.classify_each([pictures[0][1:]], model=model, flip=True), client.classify(pictures[0][1:], model=model)
    assert [result.classes for result in one] == [both[0].classes] and other.results[0].classes == plain[0].classes


def test_no_predictions_is_an_error(client: sqzd.Client, training: sqzd.Job) -> None:
    with pytest.raises(sqzd.InvalidOption, match="is of the kind train, which makes no predictions"):
        list(client.predictions(training.id))


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense\0",
        b"[]\0",
        b"{}\0",
        b'{"method":1}\0',
        b'{"method":"io.sqzd.Manager.Info","method":"io.sqzd.Manager.Info"}\0',
        b'{"method":"io.sqzd.Manager.Info","nonsense":1}\0',
        b'{"method":"io.sqzd.Manager.Info","more":true,"oneway":true}\0',
        b'{"method":"\xff"}\0',
        b'{"method":"x.y.Z","parameters":' + b'{"a":' * 64 + b"1" + b"}" * 64 + b"}\0",
        b"x" * (17 << 20),
    ],
    ids=lambda message: str(message[:70]),
)
def test_malformed_message_closes_its_connection_only(client: sqzd.Client, daemon: RealDaemon, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(daemon.socket)
        try:
            connection.sendall(message)
            answer = connection.recv(1)
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
    assert answer == b""
    assert client.info().pid == daemon.process.pid


def test_removed_once_no_job_uses_it(client: sqzd.Client, dataset: sqzd.Dataset, training: sqzd.Job) -> None:
    blocker = client.submit("countdown", {"from": 1000, "delay": 60})
    waiting = client.train("colours", epochs=1, after=[blocker])
    with pytest.raises(sqzd.InUse) as raised:
        client.remove_dataset("colours")
    assert raised.value.parameters == {"dataset": "colours", "jobs": [waiting]}
    client.cancel(waiting)
    client.cancel(blocker)
    client.remove_dataset("colours")
    assert client.datasets() == []


def test_model_goes_out_comes_back_and_goes(client: sqzd.Client, training: sqzd.Job, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(client.read_model("colours"))
    assert file.stat().st_size == client.model("colours").model.size
    copy = client.import_model(file, "copy")
    assert (copy.name, copy.version, copy.sha256) == ("copy", 1, client.model("colours").model.sha256)
    assert client.import_model(file, "copy").version == 2
    assert client.promote_model("copy@1") == "copy@1" and client.model("copy").model.version == 1
    assert client.tag_model("copy@2", "next") == "copy@2" and client.model("copy@next").model.tags == ["next"]
    assert client.roll_back_model("copy") == "copy@2"
    assert client.untag_model("copy@next") == "copy@2"
    assert client.pin_model("copy") == "copy@2" and client.model("copy").model.pinned
    client.unpin_model("copy")
    assert client.load_model("copy") == "copy@2" and client.unload_model("copy") == "copy@2"
    client.rename_model("copy", "copies")
    assert client.model("copy").model.name == "copies"
    client.give_model("copies", "nobody")
    assert client.model("copies").model.owner != os.getuid()
    with pytest.raises(sqzd.InvalidOption, match="2 versions"):
        client.remove_model("copies")
    assert client.remove_model("copies", all=True) == ["copies@2", "copies@1"]
    assert [(model.name, model.removed_by) for model in client.removed_models()[:2]] == [("copies", os.getuid())] * 2
    with pytest.raises(sqzd.NoSuchModel) as raised:
        client.model("copies@1")
    assert raised.value.parameters["removed"] == "copies@1"
    assert [model.name for model in client.models()] == ["colours"], "the file that both had is still there"
    assert client.read_model("colours") == file.read_bytes()
    file.write_bytes(b"not a model")
    with pytest.raises(sqzd.SqzdError, match="the model can't be used: "):
        client.import_model(file, "bad")


def test_model_goes_out_to_other_programs(client: sqzd.Client, training: sqzd.Job, tmp_path: Path) -> None:
    weights = client.model("colours").model.weights_sha256
    for name, format, names in (
        ("m.onnx", "onnx", ["m.onnx"]),
        ("m.pth", "pytorch", ["m.pth", "m.py"]),
        ("m.safetensors", "safetensors", ["m.safetensors"]),
    ):
        folder = tmp_path / format
        folder.mkdir()
        client.export_model("colours", folder / name, format)
        assert sorted(path.name for path in folder.iterdir()) == names
        assert client.import_model(folder / name, "back").weights_sha256 == weights
        with pytest.raises(FileExistsError, match="replace=True"):
            client.export_model("colours", folder / name, format)
        client.export_model("colours", folder / name, format, replace=True)
        assert sorted(path.name for path in folder.iterdir()) == names
    module = tmp_path / "pytorch" / "m.py"
    compile(module.read_text(), "m.py", "exec")
    # Other weights of the network go with the same text; what sqzd did not export is never replaced.
    client.export_model("colours", tmp_path / "pytorch" / "m.pt", "pytorch")
    module.write_text(module.read_text() + "\n")
    with pytest.raises(FileExistsError, match="makes the network of .*m.pt, which is another one"):
        client.export_model("colours", tmp_path / "pytorch" / "m.pth", "pytorch", replace=True)
    module.write_text("print('mine')")
    with pytest.raises(FileExistsError, match="sqzd did not export it"):
        client.export_model("colours", tmp_path / "pytorch" / "m.pth", "pytorch", replace=True)
    assert module.read_text() == "print('mine')"
    with pytest.raises(sqzd.InvalidOption, match="must be onnx, pytorch or deep-compression"):
        client.export_model("colours", tmp_path / "m.h5", "h5")
    with pytest.raises(sqzd.InvalidOption, match="is for onnx"):
        client.export_model("colours", tmp_path / "m.pth", "pytorch", float_input=True)
    client.export_model("colours", tmp_path / "floats.onnx", float_input=True)
    assert {path.name for path in tmp_path.iterdir()} == {"floats.onnx", "onnx", "pytorch", "safetensors"}
    client.remove_model("back", all=True)


def test_model_of_another_program_comes_in(client: sqzd.Client, tmp_path: Path) -> None:
    fixtures = Path(__file__).resolve().parents[3] / "Tests" / "Fixtures" / "models"
    model = client.import_model(fixtures / "cifar.onnx", "foreign", classes=("a", "b", "c"), preprocessing="tutorial")
    assert (model.architecture, model.classes) == ("squeezenet-cifar", ["a", "b", "c"])
    with pytest.raises(sqzd.SqzdError, match="3 classes, and there are 2 names"):
        client.import_model(fixtures / "cifar.onnx", "foreign", classes=["a", "b"])
    with pytest.raises(sqzd.SqzdError, match="preprocessing"):
        client.import_model(fixtures / "cifar.onnx", "foreign", preprocessing="none")
    assert [model.name for model in client.models()].count("foreign") == 1
    client.remove_model("foreign")


def test_paused_job_waits_and_goes_on(client: sqzd.Client) -> None:
    job = client.submit("countdown", {"from": 1000, "delay": 60})
    watcher = client.watch(job)
    assert next(event for event in watcher if event.state == "running")
    client.pause(job)
    assert next(event for event in watcher if event.state == "paused")
    with pytest.raises(sqzd.SqzdError, match="^job .* is .*; it can be "):
        client.retry(job)
    assert client.resume(job).state in ("queued", "running")
    assert next(event for event in watcher if event.state == "running")
    client.cancel(job)
    assert list(watcher)[-1].state == "cancelled"
    assert client.retry(job).state in ("queued", "running")
    client.cancel(job)
    assert client.wait(job, timeout=60).starts >= 2


def test_held_job_waits_for_its_submitter(client: sqzd.Client) -> None:
    job = client.submit("countdown", hold=True, time_limit=60, deadline=datetime.now() + timedelta(hours=1))
    held = client.show(job)
    assert (held.state, held.starts, held.time_limit) == ("paused", 0, 60)
    assert client.prioritize(job, -1).priority == -1
    assert client.limit(job, time_limit=30).time_limit == 30
    limited = client.limit(job, time_limit="none", deadline=datetime.now() + timedelta(hours=2))
    assert limited.time_limit is None and limited.deadline is not None and limited.deadline > (held.deadline or 0)
    assert client.limit(job, deadline="none").deadline is None
    assert held.deadline is not None and abs(held.deadline / 1e6 - time.time() - 3600) < 60
    client.resume(job)
    assert client.wait(job, timeout=60).state == "succeeded"


def test_time_limit_and_deadline_end_a_job(client: sqzd.Client) -> None:
    endless = {"from": 1000, "delay": 60}
    limited = client.wait(client.submit("countdown", endless, time_limit=1), timeout=60)
    assert (limited.state, limited.reason) == ("failed", "it ran for its time limit of 1 s")
    deadline = datetime.now(timezone.utc) + timedelta(seconds=1)
    late = client.wait(client.submit("countdown", endless, deadline=deadline), timeout=60)
    assert late.state == "failed" and late.reason is not None and late.reason.startswith("its deadline, ")
    with pytest.raises(sqzd.InvalidOption) as past:
        client.submit("countdown", deadline=datetime(2020, 1, 2))
    assert past.value.parameters["option"] == "deadline"


def test_what_waits_tells_its_place_and_its_times(client: sqzd.Client) -> None:
    client.wait(client.submit("countdown", {"from": 1}), timeout=60)
    running = client.submit("countdown", {"from": 1000, "delay": 0.05})
    assert next(event for event in client.watch(running) if event.kind == "progress")
    waiting = client.show(client.submit("countdown", {"from": 1}))
    assert (waiting.position, waiting.reason) == (1, "waits for its turn")
    assert waiting.expected_start is not None and waiting.expected_end is not None
    assert waiting.submitted_at < waiting.expected_start < waiting.expected_end
    end = client.show(running).expected_end
    assert end is not None and end > waiting.submitted_at
    client.cancel(waiting.id)
    client.cancel(running)
    assert client.wait(running, timeout=60).state == "cancelled"


def test_monitor_shows_what_runs(client: sqzd.Client) -> None:
    monitor = client.monitor()
    assert next(monitor) == sqzd.Snapshot([], [])
    job = client.submit("countdown", {"from": 1000, "delay": 60})
    assert next(snapshot for snapshot in monitor if snapshot.running).running[0].id == job
    client.cancel(job)
    assert next(snapshot for snapshot in monitor if not snapshot.running).waiting == []
    monitor.close()


def test_metrics_count(client: sqzd.Client) -> None:
    def calls() -> float:
        return next(metric.value for metric in client.metrics() if metric.name == "sqzd_calls_total")

    assert calls() < calls()
    # One without a call has no histogram.
    assert all(0 < histogram.count >= sum(histogram.counts) for histogram in client.histograms())
