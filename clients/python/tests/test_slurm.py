"""README, "Slurm": jobs with ranks that srun starts on a real Slurm of two nodes."""

import json
import os
import re
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import pytest
from prerequisites import need_programs, unavailable
from real_daemon import RealDaemon
from slurm import NODES, Slurm
from test_daemon import write_records

import sqzd

README = (Path(__file__).parents[3] / "README.md").read_text()
LONG = 2_000


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    if os.geteuid() != 0:
        unavailable("a Slurm of one's own needs root")
    need_programs("munged", "slurmctld", "slurmd", "srun", "squeue", "scancel", "mpirun")
    with Slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def daemon(binaries: Path, slurm: Slurm) -> Iterator[RealDaemon]:
    section = README.partition("\n## Slurm\n")[2].partition("\n## ")[0]
    launchers = json.loads("{" + re.findall(r'^    ("launchers": .*)$', section, re.MULTILINE)[0] + "}")
    os.environ["SLURM_CONF"] = slurm.environment["SLURM_CONF"]
    try:
        with RealDaemon(binaries, **launchers) as daemon:
            yield daemon
    finally:
        del os.environ["SLURM_CONF"]


@pytest.fixture(scope="module")
def client(daemon: RealDaemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqzd.Client]:
    folder = tmp_path_factory.mktemp("colours")
    write_records(folder, 400)
    with sqzd.Client(daemon.socket) as client:
        client.import_dataset(folder, name="colours")
        yield client


def train(client: sqzd.Client, epochs: int, **options: Any) -> Any:
    return client.train("colours", epochs=epochs, recipe="tutorial", batch_size=40, threads=1, **options)


def on_nodes(client: sqzd.Client, epochs: int) -> Any:
    return train(client, epochs, ranks=2, launcher="slurm")


def weights(client: sqzd.Client, job: Any) -> str:
    ended = job.wait()
    assert ended.state == "succeeded", ended.reason
    sha256: str = client.model(ended.outcome.model).model.weights_sha256
    return sha256


def until(job: Any, happened: Callable[[sqzd.Event], Any], after: Optional[int] = None) -> int:
    """The number of the last event that is kept, when one has come for which that holds."""
    last = after or 0
    for event in job.watch(after=after):
        last = event.sequence or last
        if happened(event):
            return last
    raise AssertionError(job.show().reason)


def until_it_learns(job: Any, after: Optional[int] = None) -> int:
    return until(job, lambda event: event.progress, after)


def nothing_runs(slurm: Slurm) -> None:
    """Returns when both nodes are free."""
    slurm.run("srun", "--nodes=2", "--exclusive", "true")
    assert "sqzd-" not in slurm.run("squeue", "--noheader", "--format=%j")
    assert [slurm.tasks(node) for node in NODES] == [[], []]


def test_two_nodes_give_the_bits_of_one_process(client: sqzd.Client, slurm: Slurm) -> None:
    job = on_nodes(client, 20)
    until_it_learns(job)
    # Slurm's tools tell of the same job.
    (told,) = slurm.run("squeue", "--noheader", "--format=%j %T %D %k").splitlines()
    assert told == f"sqzd-{job} RUNNING 2 {os.getuid()}"
    assert weights(client, job) == weights(client, train(client, 20))
    nothing_runs(slurm)


def test_a_job_that_is_paused_or_cancelled_leaves_the_nodes(client: sqzd.Client, slurm: Slurm) -> None:
    job = on_nodes(client, LONG)
    last = until_it_learns(job)
    job.pause()
    last = until(job, lambda event: event.state == "paused", last)
    nothing_runs(slurm)
    job.resume()
    until_it_learns(job, last)
    job.cancel()
    assert job.wait().state == "cancelled"
    nothing_runs(slurm)


def test_one_that_waits_for_nodes_can_be_cancelled(client: sqzd.Client, slurm: Slurm) -> None:
    slurm.run("sbatch", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 600")
    job = on_nodes(client, LONG)
    until(job, lambda event: event.state == "running")
    job.cancel()
    assert job.wait().state == "cancelled"
    slurm.run("scancel", "--user=root")
    nothing_runs(slurm)


@pytest.mark.parametrize("fault", ["scancel", "node"])
def test_what_slurm_ends_goes_on_from_its_checkpoint(client: sqzd.Client, slurm: Slurm, fault: str) -> None:
    job = on_nodes(client, 40)
    last = until_it_learns(job)
    if fault == "scancel":
        slurm.run("scancel", f"--name=sqzd-{job}")
    else:
        slurm.kill_node("n2")
    until(job, lambda event: event.state == "queued", last)
    if fault == "node":
        slurm.start_node("n2")
    assert weights(client, job) == weights(client, train(client, 40))
    assert job.show().starts > 1
    nothing_runs(slurm)
