"""What is to be true after everything: each check gives what is wrong, nothing where all is well."""

from collections import Counter
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import pictures
import sqzd
import state
from victim import Victim
from workload import DATA, IMPORTED_TEST, IMPORTED_TRAIN, STUCK_SECONDS, TEST, TRAININGS, Ledger, Spec, was_killed


class Reference(NamedTuple):
    """What a training comes to that nobody disturbs."""

    weights: str
    # Loss, accuracy, validation loss and validation accuracy of each epoch.
    epochs: List[Tuple[Optional[float], ...]]


def epochs(events: List[sqzd.Event]) -> Dict[int, List[Tuple[Optional[float], ...]]]:
    """The figures that were kept of each epoch; each is to be there once."""
    found: Dict[int, List[Tuple[Optional[float], ...]]] = {}
    for event in events:
        if event.kind == "epoch" and event.progress is not None:
            told = event.progress
            figures = (told.loss, told.accuracy, told.validation_loss, told.validation_accuracy)
            found.setdefault(told.epoch, []).append(figures)
    return found


def reference(client: sqzd.Client, name: str) -> Reference:
    job = client.wait(client.submit("train", TRAININGS[name], dataset=DATA, model=name), timeout=STUCK_SECONDS)
    assert job.state == "succeeded", job
    figures = epochs(list(client.watch(job.id)))
    assert sorted(figures) == list(range(1, TRAININGS[name]["epochs"] + 1)), figures
    return Reference(client.model(f"{name}@1").model.weights_sha256, [figures[epoch][0] for epoch in sorted(figures)])


def settle(client: sqzd.Client, ledger: Ledger) -> List[str]:
    """Every job comes to its end; those whose runners were killed are retried."""
    wrong = []
    for job in sorted(state.all_jobs(client), key=lambda job: job.id):
        try:
            found = client.wait(job.id, timeout=STUCK_SECONDS)
            while was_killed(found):
                client.retry(job.id)
                ledger.retried += 1
                found = client.wait(job.id, timeout=STUCK_SECONDS)
        except TimeoutError:
            wrong.append(f"job {job.id} is stuck: {client.show(job.id)}")
            continue
        if found.state != "succeeded":
            wrong.append(f"job {job.id} ended {found.state}: {found.reason}")
    return wrong


def wrong_jobs(client: sqzd.Client, ledger: Ledger, references: Dict[str, Reference]) -> List[str]:
    wrong = []
    jobs = {job.id: job for job in state.all_jobs(client)}
    unasked: "Counter[Spec]" = Counter()
    made = {model.job: model for model in client.models() if model.job is not None}
    for job in jobs.values():
        spec = Spec.of(job.kind, job.model, job.options)
        if job.id not in ledger.jobs:
            unasked[spec] += 1
        elif ledger.jobs[job.id] != spec:
            wrong.append(f"job {job.id} is {spec}, asked for was {ledger.jobs[job.id]}")
        wrong += [f"job {job.id}: {text}" for text in wrong_history(client, job)]
        if job.kind == "train" and job.model in references:
            if job.id not in made:
                wrong.append(f"job {job.id} has no model")
            elif made[job.id].weights_sha256 != references[job.model].weights:
                wrong.append(f"job {job.id} has other weights than one that was never disturbed: {client.logs(job.id)}")
            wrong += [f"job {job.id}: {text}" for text in wrong_epochs(client, job, references[job.model])]
        if job.kind == "predict":
            wrong += [f"job {job.id}: {text}" for text in wrong_predictions(client, job)]
    wrong += [f"job {job} was acknowledged and is not there" for job in ledger.jobs if job not in jobs]
    for spec, count in unasked.items():
        if count > ledger.unanswered[spec]:
            wrong.append(f"{count} jobs {spec} are there that nobody asked for more than {ledger.unanswered[spec]} times")
    return wrong


def wrong_history(client: sqzd.Client, job: sqzd.Job) -> List[str]:
    """Its transitions must be a walk from queued to the one success, and its events numbered without a gap."""
    events = list(client.watch(job.id))
    states = [event.state for event in events if event.kind == "state"]
    allowed = {
        (None, "queued"),
        ("queued", "running"),
        ("running", "queued"),
        ("running", "failed"),
        ("failed", "queued"),
        ("running", "succeeded"),
    }
    wrong = []
    if any(step not in allowed for step in zip([None, *states], states)) or states[-1:] != ["succeeded"]:
        wrong.append(f"its history is {states}")
    if [event.sequence for event in events] != list(range(1, len(events) + 1)):
        wrong.append("its events are not numbered in order")
    if states.count("running") != job.starts:
        wrong.append(f"it was started {job.starts} times, and became running {states.count('running')} times")
    return wrong


def wrong_epochs(client: sqzd.Client, job: sqzd.Job, reference: Reference) -> List[str]:
    found = epochs(list(client.watch(job.id)))
    wrong = []
    told = sorted(epoch for epoch, figures in found.items() for _ in figures)
    if told != list(range(1, len(reference.epochs) + 1)):
        wrong.append(f"it tells of the epochs {told}")
    for epoch, figures in found.items():
        # Each time that an epoch was told of, it came to the same, to the last bit.
        if any(told != reference.epochs[epoch - 1] for told in figures):
            wrong.append(f"epoch {epoch} came to {figures}, undisturbed to {reference.epochs[epoch - 1]}")
    return wrong


def wrong_predictions(client: sqzd.Client, job: sqzd.Job) -> List[str]:
    found = [prediction.picture for prediction in client.predictions(job.id)]
    told = job.outcome.predictions if job.outcome else None
    return [] if found == list(range(TEST)) and told == TEST else [f"predictions of {found}, {told} were told of"]


def wrong_models(client: sqzd.Client, ledger: Ledger) -> List[str]:
    """Versions without a gap, and one model for each training."""
    wrong = []
    models = client.models()
    versions: Dict[str, List[int]] = {}
    for model in models:
        versions.setdefault(model.name, []).append(model.version)
    for name, found in versions.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            wrong.append(f"model {name} has the versions {sorted(found)}")
    jobs = Counter(model.job for model in models if model.job is not None)
    wrong += [f"job {job} made {count} models" for job, count in jobs.items() if count > 1]
    outcomes = {job.outcome.model: job.id for job in state.all_jobs(client) if job.outcome and job.outcome.model}
    made = {f"{model.name}@{model.version}": model.job for model in models if model.job is not None}
    if outcomes != made:
        wrong.append(f"jobs tell of the models {outcomes}, there are {made}")
    outside = len(versions.get("from-outside", []))
    if not ledger.models_imported <= outside <= ledger.models_imported + ledger.models_maybe_imported:
        wrong.append(f"{outside} models were imported, acknowledged were {ledger.models_imported}")
    return wrong


def wrong_datasets(client: sqzd.Client, ledger: Ledger, folder: Any) -> List[str]:
    """Acknowledged ones are there, and the pictures in them are those that were sent; removed ones are gone."""
    wrong = []
    there = {dataset.name: dataset for dataset in client.datasets()}
    for name, seed in ledger.datasets.items():
        if name not in there:
            wrong.append(f"data set {name} was acknowledged and is not there")
            continue
        blob = (folder / "blobs" / there[name].sha256).read_bytes()
        for count, first in ((IMPORTED_TRAIN, seed), (IMPORTED_TEST, seed + 1_000_000)):
            sent = pictures.records(count, first)
            size = 1 + pictures.PICTURE
            if b"".join(sent[place + 1 : place + size] for place in range(0, len(sent), size)) not in blob:
                wrong.append(f"data set {name} does not hold the pictures that were sent")
    wrong += [f"data set {name} was removed and is there" for name in ledger.removed if name in there]
    return wrong


def all_that_is_wrong(victim: Victim, ledger: Ledger, references: Dict[str, Reference]) -> List[str]:
    """Ends with the daemon stopped in order. It starts once more in between, and tidies up as it does."""
    with victim.client() as client:
        wrong = settle(client, ledger)
    victim.stop()
    victim.start()
    with victim.client() as client:
        wrong += wrong_jobs(client, ledger, references)
        wrong += wrong_models(client, ledger)
        wrong += wrong_datasets(client, ledger, victim.state)
        wrong += state.blobs_missing_or_damaged(client, victim.state)
        wrong += [f"{file} is left over" for file in state.leftovers(client, victim.state)]
    victim.stop()
    wrong += [f"process {process} is left over: {words}" for process, words in victim.processes().items()]
    if (found := state.integrity(victim.state)) != "ok":
        wrong.append(f"the database is damaged: {found}")
    return wrong
