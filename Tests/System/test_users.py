"""Several people on one machine: what each may do to what is another's, and how much all of them may take together."""

from contextlib import ExitStack
from typing import Any, Dict, Iterator, List

import pytest
from container import CallFailed, Container
from guests import Guest, guest

IN_ALL, EACH = 4096, 1024
MESSAGES_IN_ALL, MESSAGE = 512 << 20, 16 << 20
MEMBERS = ["alice", "bob", "carol", "dave", "erin"]


@pytest.fixture(scope="module")
def members(container: Container) -> List[str]:
    for name in MEMBERS[2:]:
        container.run("useradd", "--groups=sqzd", name)
    return MEMBERS


@pytest.fixture(scope="module")
def hers(container: Container, members: List[str]) -> str:
    """A data set and a model of alice's."""
    guest(container, "alice", "model", "hers")
    return "hers"


@pytest.fixture
def running(container: Container, members: List[str]) -> Iterator[int]:
    """A job of alice's, in the middle of its work."""
    job = container.submit("countdown", "alice", options={"from": 1000, "delay": 60})
    container.await_state(job, "running")
    yield job
    if container.call("io.sqzd.Jobs.Show", {"id": job})["job"]["state"] not in ("cancelled", "paused"):
        container.call("io.sqzd.Jobs.Cancel", {"id": job})
        container.await_end(job)


@pytest.fixture
def administrators(container: Container, members: List[str]) -> Iterator[str]:
    """carol is one."""
    container.run("groupadd", "--force", "wheel")
    container.run("usermod", "--append", "--groups=wheel", "carol")
    container.write("/etc/sqzd/sqzd.json", '{"administrators": "wheel"}')
    reload(container)
    yield "carol"
    container.run("rm", "/etc/sqzd/sqzd.json")
    reload(container)


def reload(container: Container) -> None:
    before = len(container.journal("SQZ_EVENT=reloaded"))
    container.run("systemctl", "reload", "sqzd.service")
    container.await_journal("SQZ_EVENT=reloaded", number=before + 1)


def refused(container: Container, user: str, method: str, **parameters: Any) -> str:
    with pytest.raises(CallFailed) as raised:
        container.call(f"io.sqzd.{method}", parameters, user=user)
    return str(raised.value)


DENIED = "org.varlink.service.PermissionDenied"


def test_reading_is_everybodys(container: Container, running: int, hers: str) -> None:
    assert container.call("io.sqzd.Jobs.Show", {"id": running}, user="bob")["job"]["state"] == "running"
    assert container.call("io.sqzd.Models.Show", {"model": hers}, user="bob")["model"]["name"] == hers
    assert container.call("io.sqzd.Datasets.Show", {"dataset": hers}, user="bob")["dataset"]["name"] == hers
    job = container.submit("evaluate", "bob", dataset=hers, model=hers)
    assert container.call("io.sqzd.Jobs.Cancel", {"id": job}, user="bob")["job"]["id"] == job


@pytest.mark.parametrize(
    "method, more",
    [("Cancel", {}), ("Pause", {}), ("Resume", {}), ("Retry", {}), ("Prioritize", {"priority": -1}), ("Limit", {"timeLimit": 60})],
)
def test_another_members_job_stays_as_it_is(
    container: Container, running: int, method: str, more: Dict[str, int]
) -> None:
    assert refused(container, "bob", f"Jobs.{method}", id=running, **more) == DENIED
    assert container.call("io.sqzd.Jobs.Show", {"id": running})["job"]["state"] == "running"


def test_another_members_data_set_and_model_stay(container: Container, hers: str) -> None:
    assert refused(container, "bob", "Datasets.Remove", dataset=hers) == DENIED
    assert refused(container, "bob", "Models.Remove", model=hers) == DENIED
    assert container.call("io.sqzd.Models.Show", {"model": hers})["model"]["name"] == hers


def test_only_administrators_go_before_others(container: Container, administrators: str) -> None:
    assert refused(container, "alice", "Jobs.Submit", kind="countdown", priority=1) == DENIED
    job = container.submit("countdown", administrators, priority=1)
    assert container.await_end(job)["state"] == "succeeded"
    hers = container.submit("countdown", "alice", hold=True)
    assert refused(container, "alice", "Jobs.Prioritize", id=hers, priority=1) == DENIED
    for user, priority in ((administrators, 1), ("alice", -1)):
        reply = container.call("io.sqzd.Jobs.Prioritize", {"id": hers, "priority": priority}, user=user)
        assert reply["job"]["priority"] == priority
    line = container.await_journal(f"SQZ_JOB={hers}", "SQZ_EVENT=prioritized")
    assert "has priority 1 instead of 0, by uid" in line["MESSAGE"]
    container.call("io.sqzd.Jobs.Cancel", {"id": hers}, user="alice")


def test_administrators_may_change_what_is_anothers(container: Container, running: int, administrators: str) -> None:
    container.call("io.sqzd.Jobs.Pause", {"id": running}, user=administrators)
    container.await_state(running, "paused")
    container.call("io.sqzd.Jobs.Resume", {"id": running}, user=administrators)
    container.call("io.sqzd.Jobs.Cancel", {"id": running}, user=administrators)
    assert container.await_end(running)["state"] == "cancelled"
    # Those who are in no group of theirs any more are members like others.
    container.run("gpasswd", "--delete", administrators, "wheel")
    assert refused(container, administrators, "Jobs.Retry", id=running) == DENIED
    # And root needs no group.
    container.call("io.sqzd.Jobs.Retry", {"id": running}, user="root")


def test_what_is_in_use_is_not_removed(container: Container, running: int, hers: str) -> None:
    job = container.submit("evaluate", "bob", dataset=hers, model=hers)
    assert refused(container, "alice", "Datasets.Remove", dataset=hers) == "io.sqzd.Datasets.InUse"
    assert refused(container, "alice", "Models.Remove", model=hers) == "io.sqzd.Models.ModelInUse"
    assert refused(container, "root", "Models.Remove", model=hers) == "io.sqzd.Models.ModelInUse"
    container.call("io.sqzd.Jobs.Cancel", {"id": job}, user="bob")
    container.call("io.sqzd.Models.Remove", {"model": hers}, user="alice")
    container.call("io.sqzd.Datasets.Remove", {"dataset": hers}, user="alice")


def too_large(what: str, limit: int, replies: List[Dict[str, Any]]) -> List[int]:
    """How much there was, in each of the refusals."""
    for reply in replies:
        assert reply["error"] == "io.sqzd.Manager.TooLarge"
        assert (reply["parameters"]["what"], reply["parameters"]["limit"]) == (what, limit)
    return [reply["parameters"]["current"] for reply in replies]


def test_connections_in_all(container: Container, members: List[str]) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(Guest(container, user, "connections", str(EACH))) for user in members[:4]]
        with Guest(container, "alice", "connections", "1") as more:
            assert too_large("your open connections", EACH, more.end()) == [EACH]
        with Guest(container, members[4], "connections", "1") as other:
            assert too_large("all open connections", IN_ALL, other.end()) == [IN_ALL]
        assert [guest.end() for guest in crowd] == [[], [], [], []]
    # Every one of them was let go of again.
    with Guest(container, members[4], "connections", str(EACH)) as other:
        assert other.end() == []


def test_messages_in_all(container: Container, members: List[str]) -> None:
    each = MESSAGES_IN_ALL // 4 // MESSAGE
    with ExitStack() as stack:
        crowd = [stack.enter_context(Guest(container, user, "messages", str(each))) for user in members[:4]]
        with Guest(container, members[4], "messages", "1") as other:
            (current,) = too_large(
                "bytes in all users' messages that are not answered yet", MESSAGES_IN_ALL, other.end()
            )
            assert MESSAGES_IN_ALL - 2 * MESSAGE < current <= MESSAGES_IN_ALL
        assert container.call("io.sqzd.Manager.Info", user=members[4])["version"]
        assert [guest.end() for guest in crowd] == [[], [], [], []]
