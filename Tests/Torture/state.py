"""What a state directory must look like, whatever happened to its daemon."""

import sqlite3
from pathlib import Path
from typing import List

import sqzd
from pictures import sha256


def blobs_missing_or_damaged(client: sqzd.Client, state: Path) -> List[str]:
    """Models and data sets whose file is not there or not what it was."""
    wrong = []
    things = [(f"data set {data.name}", data.sha256, data.size) for data in client.datasets()]
    things += [(f"model {model.name}@{model.version}", model.sha256, model.size) for model in client.models()]
    for name, digest, size in things:
        blob = state / "blobs" / digest
        if not blob.exists():
            wrong.append(f"{name}: its file is missing")
        elif blob.stat().st_size != size or sha256(blob) != digest:
            wrong.append(f"{name}: its file is damaged")
    return wrong


def leftovers(client: sqzd.Client, state: Path) -> List[str]:
    """Files that nothing refers to. Half an upload is none: it is kept for a day to be gone on with."""
    needed = {data.sha256 for data in client.datasets()} | {model.sha256 for model in client.models()}
    left = [f"blobs/{blob.name}" for blob in (state / "blobs").iterdir() if blob.name not in needed]
    left += [f"imports/{file.name}" for file in (state / "imports").iterdir()]
    for job in all_jobs(client):
        folder = state / "jobs" / str(job.id)
        # A job that failed may be retried from its checkpoints.
        if job.state in ("succeeded", "cancelled") and folder.exists():
            left += [f"jobs/{job.id}/{file.name}" for file in folder.iterdir() if file.name not in ("log", "log.old")]
    known = {"sqzd.db", "sqzd.db-wal", "sqzd.db-shm", "lock", "blobs", "imports", "uploads", "jobs"}
    left += [entry.name for entry in state.iterdir() if entry.name not in known]
    return left


def all_jobs(client: sqzd.Client) -> List[sqzd.Job]:
    """All jobs, page by page, newest first."""
    jobs: List[sqzd.Job] = []
    page = client.jobs(limit=1000)
    while page:
        jobs += page
        page = client.jobs(before=page[-1].id, limit=1000)
    return jobs


def integrity(state: Path) -> str:
    """What SQLite finds in the database of a daemon that has stopped: "ok"."""
    database = sqlite3.connect(f"file:{state}/sqzd.db?mode=ro", uri=True)
    try:
        (found,) = database.execute("PRAGMA integrity_check").fetchone()
        broken = database.execute("PRAGMA foreign_key_check").fetchall()
    finally:
        database.close()
    return str(found) if not broken else f"foreign keys: {broken}"
