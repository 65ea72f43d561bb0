"""README, "Slurm": jobs that have places in the line of a real Slurm of two nodes."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional

import pytest
from prerequisites import need_programs, unavailable
from real_daemon import RealDaemon
from slurm import ACCOUNT, NODES, OPERATOR, PROGRAMS, Slurm
from test_daemon import write_records

import sqzd

README = (Path(__file__).parents[3] / "README.md").read_text()
LONG = 2_000
Alone = Callable[[int], str]


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    if os.geteuid() != 0:
        unavailable("a Slurm of one's own needs root")
    need_programs(*PROGRAMS, "mpirun")
    with Slurm() as slurm:
        yield slurm


@pytest.fixture(scope="module")
def daemon(binaries: Path, slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDaemon]:
    section = README.partition("\n## Slurm\n")[2].partition("\n## ")[0]
    launchers = json.loads("{" + re.findall(r'^    ("launchers": .*)$', section, re.MULTILINE)[0] + "}")
    options = launchers["launchers"]["slurm"]["slurm"]
    launchers["launchers"]["slurm-one"] = {"slurm": [*options, "--exclusive"], "jobs": 3}
    launchers["launchers"]["accounted"] = {"slurm": [*options, f"--account={ACCOUNT}", "--mem=1000"], "jobs": 1}
    launchers["launchers"]["nowhere"] = {"slurm": [*options, "--partition=nowhere"]}
    os.environ["SLURM_CONF"] = slurm.environment["SLURM_CONF"]
    try:
        with RealDaemon(binaries, **launchers) as daemon, sqzd.Client(daemon.socket) as client:
            folder = tmp_path_factory.mktemp("colours")
            write_records(folder, 400)
            client.import_dataset(folder, name="colours")
            yield daemon
    finally:
        del os.environ["SLURM_CONF"]


@pytest.fixture
def client(daemon: RealDaemon) -> Iterator[sqzd.Client]:
    with sqzd.Client(daemon.socket) as client:
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


@pytest.fixture(scope="module")
def alone(daemon: RealDaemon) -> Alone:
    """The weights that one process here comes to."""
    known: Dict[int, str] = {}

    def weights_of(epochs: int) -> str:
        if epochs not in known:
            with sqzd.Client(daemon.socket) as client:
                known[epochs] = weights(client, train(client, epochs))
        return known[epochs]

    return weights_of


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


def place(slurm: Slurm, job: Any) -> str:
    """The number that the job has for Slurm."""
    return slurm.run("squeue", "--noheader", f"--name=sqzd-{job}", "--format=%i").strip()


def test_two_nodes_give_the_bits_of_one_process(client: sqzd.Client, slurm: Slurm, alone: Alone) -> None:
    job = on_nodes(client, 20)
    until_it_learns(job)
    # Slurm's tools tell of the same job.
    (told,) = slurm.run("squeue", "--noheader", "--format=%j %T %D %k").splitlines()
    assert told == f"sqzd-{job} RUNNING 2 {os.getuid()}"
    assert weights(client, job) == alone(20)
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


@pytest.fixture
def busy(slurm: Slurm) -> Iterator[str]:
    """Both nodes have something else to do."""
    id = slurm.run("sbatch", "--parsable", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 600").strip()
    yield id
    slurm.run("scancel", id)


def test_why_a_job_waits_there_is_told(client: sqzd.Client, slurm: Slurm, busy: str) -> None:
    job = train(client, LONG, ranks=2, launcher="slurm", time_limit=1)
    until(job, lambda event: event.reason and re.search(r": (Resources|Priority)", event.reason))
    id = place(slurm, job)
    shown = job.show()
    assert shown.state == "running" and shown.reason.startswith(f"Slurm's job {id} waits: ")
    # Slurm knows how long it may run, and when it is to come; its time does not run meanwhile.
    assert slurm.run("squeue", "--noheader", f"--jobs={id}", "--format=%l %y").split() == ["6:00", "100"]
    job.cancel()
    assert job.wait().state == "cancelled"
    assert place(slurm, job) == ""


def test_a_place_outlives_the_daemon(daemon: RealDaemon, slurm: Slurm, busy: str, alone: Alone) -> None:
    with sqzd.Client(daemon.socket) as client:
        job = on_nodes(client, 20)
        until(job, lambda event: event.reason and "Slurm's job" in event.reason)
    id = place(slurm, job)
    for number in (signal.SIGTERM, signal.SIGKILL):
        daemon.restart(number)
        with sqzd.Client(daemon.socket) as client:
            until(client.job(job), lambda event: event.reason and f"Slurm's job {id} waits" in event.reason)
            assert place(slurm, job) == id
    slurm.run("scancel", busy)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with sqzd.Client(daemon.socket) as client:
            until_it_learns(client.job(job))
        daemon.restart(number)
        assert place(slurm, job) == id
    with sqzd.Client(daemon.socket) as client:
        assert weights(client, client.job(job)) == alone(20)
    nothing_runs(slurm)


def test_a_number_of_somebody_elses_is_left_alone(daemon: RealDaemon, slurm: Slurm, busy: str) -> None:
    with sqzd.Client(daemon.socket) as client:
        job = on_nodes(client, LONG)
        until(job, lambda event: event.reason and "Slurm's job" in event.reason)
        id = place(slurm, job)
        job.prioritize(5)
    file = daemon.folder / "state" / "jobs" / str(job) / "slurm"
    file.write_text(file.read_text().replace(id, busy, 1))
    daemon.restart()
    with sqzd.Client(daemon.socket) as client:
        until(client.job(job), lambda event: event.reason and f"Slurm's job {id} waits" in event.reason)
        assert slurm.run("squeue", "--noheader", f"--jobs={busy}", "--format=%T").strip() == "RUNNING"
        client.job(job).cancel()
        client.job(job).wait()
    assert place(slurm, job) == ""


def test_a_controller_that_does_not_answer_is_waited_for(client: sqzd.Client, slurm: Slurm, busy: str) -> None:
    controller = slurm.running["slurmctld"]
    controller.send_signal(signal.SIGSTOP)
    try:
        job = on_nodes(client, LONG)
        until(job, lambda event: event.reason and "Slurm does not answer: " in event.reason)
    finally:
        controller.send_signal(signal.SIGCONT)
    until(job, lambda event: event.reason and "waits: " in event.reason)
    # It was asked once.
    assert place(slurm, job).isdigit()
    job.cancel()
    job.wait()
    assert place(slurm, job) == ""


def test_a_sweep_spreads_over_the_nodes(client: sqzd.Client, slurm: Slurm) -> None:
    here = train(client, LONG)
    jobs = []
    for _ in range(2):
        jobs.append(train(client, LONG, ranks=1, launcher="slurm-one"))
        until_it_learns(jobs[-1])
    until_it_learns(here)
    jobs.append(train(client, LONG, ranks=1, launcher="slurm-one"))
    until(jobs[2], lambda event: event.reason and "waits: " in event.reason)
    nodes = slurm.run("squeue", "--noheader", "--states=running", "--format=%N").split()
    assert sorted(nodes) == list(NODES)
    jobs[0].finish()
    assert jobs[0].wait().state == "succeeded"
    until_it_learns(jobs[2])
    for job in (here, *jobs[1:]):
        job.cancel()
        job.wait()
    nothing_runs(slurm)


def test_before_slurm_takes_the_nodes_a_checkpoint_is_made(client: sqzd.Client, slurm: Slurm, alone: Alone) -> None:
    job = on_nodes(client, 20)
    last = until_it_learns(job)
    # What Slurm sends to the script before a time limit is over.
    slurm.run("scancel", "--batch", "--signal=USR1", place(slurm, job))
    until(job, lambda event: event.reason and "waits: BeginTime" in event.reason, last)
    assert weights(client, job) == alone(20)
    assert job.show().starts == 1
    nothing_runs(slurm)


def test_a_job_that_is_preempted_goes_on_when_it_can(client: sqzd.Client, slurm: Slurm, alone: Alone) -> None:
    job = on_nodes(client, 20)
    until_it_learns(job)
    slurm.run("srun", "--partition=urgent", "--nodes=2", "--exclusive", "true")
    assert weights(client, job) == alone(20)
    assert job.show().starts == 1
    nothing_runs(slurm)


@pytest.mark.parametrize("fault", ["power", "cable"])
def test_a_node_that_is_gone(client: sqzd.Client, slurm: Slurm, fault: str, alone: Alone) -> None:
    if fault == "cable":
        slurm.need_network()
    job = on_nodes(client, 20)
    last = until_it_learns(job)
    (slurm.kill_node if fault == "power" else slurm.cut)("n2")
    until(job, lambda event: event.reason and ("ended" in event.reason or "waits" in event.reason), last)
    (slurm.start_node if fault == "power" else slurm.join)("n2")
    assert weights(client, job) == alone(20)
    nothing_runs(slurm)


def test_who_cancels_it_in_slurm_has_cancelled_it(client: sqzd.Client, slurm: Slurm) -> None:
    job = train(client, LONG, ranks=2, launcher="accounted")
    until_it_learns(job)
    id = place(slurm, job)
    slurm.run("scancel", id, user=OPERATOR)
    ended = job.wait()
    assert (ended.state, ended.reason) == ("cancelled", f"cancelled by uid {OPERATOR} in Slurm, where it was job {id}")
    # The accounting tells the same.
    told = slurm.run("sacct", "--noheader", "--parsable2", "--allocations", f"--jobs={id}", "--format=Account,State")
    assert told.strip() == f"{ACCOUNT}|CANCELLED by {OPERATOR}"
    nothing_runs(slurm)


def test_what_sbatch_refuses_has_failed_in_its_words(client: sqzd.Client) -> None:
    ended = train(client, LONG, ranks=2, launcher="nowhere").wait()
    assert (ended.state, ended.starts) == ("failed", 1)
    assert "Invalid partition name specified" in ended.reason
