"""Sweeps, names, filters and history from Python against a real daemon."""

from datetime import datetime, timedelta

import pytest

import sqzd


def test_a_sweep_is_one_call(client: sqzd.Client) -> None:
    made = client.sweep(
        "countdown", {"from": [3, 4], "delay": [0.0, 0.01]}, name="grid", note="which way", hold=True, priority=-5
    )
    assert made.name == "grid" and len(made.ids) == 4
    table = client.show_sweep("grid")
    assert [member.options for member in table.members] == [
        {"from": 3, "delay": 0.0},
        {"from": 3, "delay": 0.01},
        {"from": 4, "delay": 0.0},
        {"from": 4, "delay": 0.01},
    ]
    assert table.sweep.repeated is None and not table.sweep.promoted and len(table.groups) == 4
    job = client.show(made.ids[0])
    assert (job.name, job.sweep, job.note, job.priority) == ("grid", "grid", "which way", -5)
    assert [job.id for job in client.change_sweep("grid", "resume")] == made.ids
    for id in made.ids:
        assert client.wait(id).state == "succeeded"
    with pytest.raises(sqzd.InvalidOption, match="4 succeeded"):
        client.change_sweep("grid", "prioritize", priority=-1)
    with pytest.raises(sqzd.NoSuchSweep):
        client.show_sweep("grids")
    with pytest.raises(sqzd.InvalidOption, match="job 2 of the sweep: from 0"):
        client.sweep("countdown", {"from": [3, 0]})


def test_jobs_are_found(client: sqzd.Client) -> None:
    id = client.submit("countdown", hold=True, name="Odd-one", note="to be found")
    now = datetime.now()
    assert [job.id for job in client.jobs(name="odd-ONE")] == [id]
    assert [job.id for job in client.jobs(["paused"], kind="countdown", name="be found")] == [id]
    assert id in [job.id for job in client.jobs(submitted_after=now - timedelta(minutes=10), uid=client.show(id).uid)]
    assert client.jobs(submitted_before=now - timedelta(minutes=10)) == []
    assert client.jobs(dataset="none") == [] and client.jobs(model="none") == []
    assert client.history(id) == []
    client.cancel(id)
