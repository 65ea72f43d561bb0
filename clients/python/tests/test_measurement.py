"""What evaluate finds, beside what numpy makes of a predict job's predictions."""

from pathlib import Path
from typing import Any, Tuple

import numpy
import pytest
from test_daemon import CLASSES, records

import sqzd

BINS = 15
WRONG = 5


@pytest.fixture(scope="module")
def measured(client: sqzd.Client, tmp_path_factory: pytest.TempPathFactory) -> Tuple[sqzd.Outcome, Any]:
    """What evaluate says, and what was predicted: labels and probabilities of all classes."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "data_batch_1.bin").write_bytes(b"".join(records(200, seed=1)))
    # Some labels are wrong, so that there are mistakes whatever was learnt.
    tests = records(100, seed=2)
    for number in range(0, 100, WRONG):
        tests[number] = bytes([(tests[number][0] + 1 + number % 3) % 10]) + tests[number][1:]
    (folder / "test_batch.bin").write_bytes(b"".join(tests))
    (folder / "batches.meta.txt").write_text("\n".join(CLASSES) + "\n")
    client.import_dataset(folder, "mixed")
    training = client.wait(client.train("mixed", "mixed", recipe="tutorial", epochs=3, batch_size=20, seed=1), timeout=300)
    assert training.state == "succeeded"
    predictions = list(client.predictions(client.wait(client.predict("mixed", "mixed", top=10)).id))
    probabilities = numpy.zeros((len(predictions), 10))
    for row, prediction in enumerate(predictions):
        for one in prediction.classes:
            probabilities[row, one.index] = one.probability
    labels = numpy.array([prediction.label for prediction in predictions])
    outcome = client.wait(client.evaluate("mixed", "mixed", mistakes=7)).outcome
    assert outcome is not None
    # A training measures what it validates, which are these pictures here.
    assert training.outcome is not None and training.outcome.measurement is not None and outcome.measurement is not None
    assert training.outcome.measurement.confusion == outcome.measurement.confusion
    assert training.outcome.measurement.mistakes[:7] == outcome.measurement.mistakes
    return outcome, (labels, probabilities)


def test_the_figures_are_those_of_the_predictions(measured: Tuple[sqzd.Outcome, Any]) -> None:
    outcome, (labels, probabilities) = measured
    found = outcome.measurement
    assert found is not None and found.split == "test" and outcome.by_class is not None
    best = probabilities.argmax(axis=1)
    assert outcome.accuracy == pytest.approx((best == labels).mean())
    # Of equals the first is likelier.
    ranks = numpy.argsort(-probabilities, axis=1, kind="stable")
    assert found.top_five == pytest.approx((ranks[:, :5] == labels[:, None]).any(axis=1).mean())

    confusion = numpy.zeros((10, 10), dtype=int)
    numpy.add.at(confusion, (labels, best), 1)
    told = numpy.zeros((10, 10), dtype=int)
    for cell in found.confusion:
        assert cell.pictures > 0
        told[cell.label, cell.predicted] = cell.pictures
    assert (told == confusion).all() and found.confusion_rest is None
    assert confusion.sum() == 100 and confusion.trace() < 100
    assert [one.pictures for one in outcome.by_class] == confusion.sum(axis=1).tolist()
    assert [one.predicted for one in outcome.by_class] == confusion.sum(axis=0).tolist()
    assert [one.correct for one in outcome.by_class] == confusion.diagonal().tolist()


def test_the_calibration_error_is_that_of_the_paper(measured: Tuple[sqzd.Outcome, Any]) -> None:
    outcome, (labels, probabilities) = measured
    assert outcome.measurement is not None
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    expected = 0.0
    for index, told in enumerate(outcome.measurement.calibration):
        inside = (confidence > index / BINS) & (confidence <= (index + 1) / BINS)
        assert told.pictures == inside.sum() and told.correct == right[inside].sum()
        if inside.any():
            assert told.probability == pytest.approx(confidence[inside].mean(), abs=1e-6)
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
        else:
            assert told.probability is None
    assert len(outcome.measurement.calibration) == BINS
    assert outcome.measurement.calibration_error == pytest.approx(expected, abs=1e-6)
    assert 0 < expected < 1


def test_the_worst_and_the_best(measured: Tuple[sqzd.Outcome, Any]) -> None:
    outcome, (labels, probabilities) = measured
    assert outcome.measurement is not None
    best = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = sorted(numpy.flatnonzero(best != labels), key=lambda place: (-confidence[place], place))
    mistakes = outcome.measurement.mistakes
    assert [one.picture for one in mistakes] == wrong[:7] and len(wrong) > 7
    for one in mistakes:
        assert (one.label, one.predicted) == (labels[one.picture], best[one.picture])
        assert one.probability == pytest.approx(confidence[one.picture], abs=1e-6)
        assert one.label_probability == pytest.approx(probabilities[one.picture, one.label], abs=1e-6)
    right = {
        label: max(places, key=lambda place: (confidence[place], -place))
        for label in range(10)
        if (places := numpy.flatnonzero((labels == label) & (best == label)).tolist())
    }
    examples = outcome.measurement.examples
    assert {one.label: one.picture for one in examples} == dict(list(right.items())[:7])
    assert all(one.label == one.predicted for one in examples)


def test_the_temperature_is_that_of_the_least_loss(client: sqzd.Client, measured: Tuple[sqzd.Outcome, Any]) -> None:
    before, (labels, probabilities) = measured
    # But for a constant of each picture, which changes nothing, they are the logits.
    logits = numpy.log(probabilities)

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        own = scaled[numpy.arange(len(labels)), labels]
        return float((numpy.log(numpy.exp(scaled).sum(axis=1)) - own).mean())

    job = client.wait(client.calibrate("mixed", "mixed", base="mixed@1", split="test"))
    outcome = job.outcome
    assert outcome is not None and outcome.model == "mixed@2" and outcome.temperature is not None, job.reason
    best = min(numpy.geomspace(0.01, 100, 20_001), key=loss)
    assert outcome.temperature == pytest.approx(best, rel=1e-3)
    assert outcome.loss == pytest.approx(loss(outcome.temperature), abs=1e-5)
    assert outcome.before is not None and outcome.before.loss == pytest.approx(loss(1), abs=1e-5)
    assert outcome.measurement is not None and before.measurement is not None
    assert outcome.before.calibration_error == before.measurement.calibration_error
    history = client.model("mixed@2").history
    assert history is not None and history[0].temperature == outcome.temperature


def test_lists_leave_it_out(client: sqzd.Client, measured: Tuple[sqzd.Outcome, Any]) -> None:
    for job in client.jobs(kind="evaluate"):
        assert job.outcome is not None and job.outcome.measurement is None and job.outcome.accuracy is not None


def test_as_many_mistakes_as_are_asked_for(client: sqzd.Client, measured: Tuple[sqzd.Outcome, Any]) -> None:
    outcome = client.wait(client.evaluate("mixed", "mixed", mistakes=0)).outcome
    assert outcome is not None and outcome.measurement is not None
    assert outcome.measurement.mistakes == [] and outcome.measurement.examples == []
    with pytest.raises(sqzd.InvalidOption):
        client.evaluate("mixed", "mixed", mistakes=1_001)
