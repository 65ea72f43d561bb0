"""Trainings that end early, through the Python client."""

from pathlib import Path
from typing import Iterator

import pytest
from real_daemon import RealDaemon
from test_daemon import CLASSES, records, write_records

import sqzd


@pytest.fixture
def client(binaries: Path, tmp_path: Path) -> Iterator[sqzd.Client]:
    write_records(tmp_path, 200, records(40, seed=2))
    with RealDaemon(binaries) as daemon, sqzd.Client(daemon.socket) as connected:
        connected.import_dataset(tmp_path, "colours")
        yield connected


def endless(client: sqzd.Client, model: str, **options: bool) -> int:
    id = client.train("colours", model, epochs=100_000, batch_size=20, **options)  # type: ignore[arg-type]
    next(event for event in client.watch(id) if event.kind == "epoch")
    return id


def test_a_training_is_finished_and_evaluated(client: sqzd.Client) -> None:
    id = endless(client, "early")
    # It waits for the model, by itself.
    evaluation = client.evaluate("colours", "early")
    assert [dependency.job for dependency in client.show(evaluation).after] == [id]
    assert client.finish(id).finishing
    outcome = client.wait(id).outcome
    assert outcome is not None and outcome.model == "early@1" and outcome.early == "finished"
    assert outcome.epoch is not None and outcome.last_epoch is not None and outcome.epochs == 100_000
    assert 1 <= outcome.epoch <= outcome.last_epoch
    assert [one.name for one in outcome.by_class or []] == CLASSES
    measured = client.wait(evaluation)
    assert measured.state == "succeeded" and measured.model == "early@1"
    both = client.wait(client.evaluate("colours", "early", tta="flip")).outcome
    assert both is not None and both.flipped is not None and both.flipped.accuracy is not None
    with pytest.raises(sqzd.JobEnded):
        client.finish(id)


def test_what_is_cancelled_leaves_its_part(client: sqzd.Client) -> None:
    id = endless(client, "part", keep_partial=True)
    client.cancel(id)
    job = client.wait(id)
    assert job.state == "cancelled" and job.outcome is not None and job.outcome.model == "part@1"
    model = client.model("part").model
    assert model.warning is not None and "did not come to its end" in model.warning
