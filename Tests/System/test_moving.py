"""The README's section on moving to another machine, line by line: the container stands for both."""

import re
from typing import List

from container import CHECKOUT, Container

STATE = "/var/lib/sqzd"


def lines() -> List[str]:
    text = (CHECKOUT / "README.md").read_text()
    section = re.search(r"^## Moving to another machine.*?^## ", text, re.DOTALL | re.MULTILINE)
    assert section is not None
    return [line.strip() for line in section.group().splitlines() if line.startswith("    ")]


def test_what_the_readme_says_moves_everything(container: Container) -> None:
    def follow(line: str) -> str:
        return container.run("sh", "-c", line.replace("sudo ", ""))

    done = container.submit("countdown", "alice", options={"from": 1})
    container.await_end(done)
    running = container.submit("countdown", "alice", options={"from": 1000, "delay": 1})
    container.await_progress(running)
    waiting = container.submit("countdown", "bob", after=[{"job": running, "condition": "any"}])
    models = container.call("io.sqzd.Models.List")["models"]

    backup, listing, stop, move, restore, start, doctor = lines()
    assert "sqzctl backup" in backup and "sqzctl restore" in restore
    follow(backup)
    assert {"sqzd.db", "SHA256SUMS"} <= set(follow(listing).split())
    # From here on it is the other machine.
    follow(stop)
    follow(move)
    follow(restore)
    follow(start)
    assert "ok       daemon" in follow(doctor)
    assert container.run("stat", "--format=%U %a", f"{STATE}/sqzd.db").strip() == "sqzd 600"
    try:
        container.await_progress(running)
        jobs = {job["id"]: job for job in container.call("io.sqzd.Jobs.List")["jobs"]}
        assert jobs[done]["state"] == "succeeded" and jobs[running]["state"] == "running"
        assert jobs[waiting]["state"] == "queued" and jobs[waiting]["uid"] == int(container.run("id", "-u", "bob"))
        assert container.call("io.sqzd.Models.List")["models"] == models
        assert container.submit("countdown", "alice", hold=True) == waiting + 1
        for job in (waiting, waiting + 1, running):
            container.call("io.sqzd.Jobs.Cancel", {"id": job})
        container.await_end(running)
    finally:
        follow(stop)
        follow(f"rm -r {STATE} && mv {STATE}.old {STATE}")
        follow(start)
    for job in (waiting, running):
        container.call("io.sqzd.Jobs.Cancel", {"id": job})
    container.await_end(running)
