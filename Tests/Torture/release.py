"""Makes Tests/Fixtures/released/VERSION.tar.xz: what a daemon of this version leaves behind when it is killed.

    release.py --bin .build/release

To be run once for each version that is released; the archive is kept for ever, and every later daemon must open it
(test_released.py). In it: jobs in every state, predictions, a model, a data set, and the newest checkpoint of a training that
was interrupted; and `expected.json`, what the daemon told of it all.
"""

import argparse
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any, Dict, List

import pictures
from victim import CHECKOUT, Victim
from workload import DATA

import sqzd

FOLDER = CHECKOUT / "Tests" / "Fixtures" / "released"
ENDED = ("succeeded", "failed", "cancelled")
# What is not the same from one look to the next.
LIVELY = {"position", "progress", "reason"}


def look(client: sqzd.Client) -> Dict[str, Any]:
    """All that the daemon tells of what it keeps."""
    listed = client.call("io.sqzd.Jobs.List", limit=1000)["jobs"]
    jobs: List[Dict[str, Any]] = []
    for job in sorted(listed, key=lambda job: int(job["id"])):
        if job["state"] in ENDED:
            replies = client.stream("io.sqzd.Jobs.Watch", id=job["id"])
            events = [reply["event"] for reply in replies if "event" in reply]
            # Only one that makes some can be asked for them.
            made = job["kind"] == "predict"
            pages = client.stream("io.sqzd.Jobs.Predictions", id=job["id"]) if made else []
            predictions = [prediction for page in pages for prediction in page["predictions"]]
            logs = client.call("io.sqzd.Jobs.Logs", id=job["id"])["lines"]
            jobs.append({"job": job, "events": events, "predictions": predictions, "log": logs})
        else:
            jobs.append({"job": {key: value for key, value in job.items() if key not in LIVELY}})
    models = [client.call("io.sqzd.Models.Show", model=f"{model.name}@{model.version}") for model in client.models()]
    datasets = client.call("io.sqzd.Datasets.List")["datasets"]
    return {"jobs": jobs, "models": models, "datasets": datasets, "classified": classified(client)}


def classified(client: sqzd.Client) -> List[List[Dict[str, Any]]]:
    """What the model makes of some pictures."""
    records = pictures.records(10, seed=7)
    results = client.classify([records[3073 * index : 3073 * (index + 1)] for index in range(10)], model="done@1", top=10)
    return [[{"name": found.name, "probability": found.probability} for found in one.classes] for one in results.results]


def make(binaries: Path) -> Path:
    victim = Victim(binaries)
    victim.start()
    folder = pictures.folder(victim.folder / "pictures" / DATA, 40, 20, seed=0)
    with victim.client() as client:
        client.import_dataset(folder, DATA)
        client.wait(client.submit("train", {"epochs": 1, "batch-size": 20}, dataset=DATA, model="done"))
        client.wait(client.predict(DATA, "done@1"))
        client.wait(client.submit("countdown", {"from": 2, "crash": True}))
        running = client.submit("train", {"epochs": 200, "batch-size": 20}, dataset=DATA, model="resumed")
        client.submit("countdown", {"from": 2}, after=[running])
        client.pause(client.submit("countdown", {"from": 2}))
        client.cancel(client.submit("countdown", {"from": 2}))
        expected = look(client)
        version = client.info().version
        for event in client.watch(running):
            if event.kind == "epoch" and event.progress and event.progress.epoch >= 150:
                break
        victim.die()
    # One is enough, and that of the last moment may not be whole.
    *others, _ = sorted((victim.state / "jobs" / str(running)).glob("checkpoint-*.safetensors"))
    for file in [*others, *(victim.state / "jobs" / str(running)).glob("*.safetensors.*")]:
        file.unlink()
    (victim.state / "expected.json").write_text(json.dumps(expected, indent=1))
    FOLDER.mkdir(parents=True, exist_ok=True)
    archive = FOLDER / f"{version}.tar.xz"
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        tar.add(victim.state, arcname=".", filter=anonymous)
    shutil.rmtree(victim.folder)
    return archive


def anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, required=True, help="the folder with sqzd and sqz-runner-squeezenet")
    print(make(parser.parse_args().bin))
