"""What error replies mean, in words, as `sqzctl` has them but for what names its options."""

from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, Optional

Parameters = Mapping[str, Any]

# A few say what names look like.
_FIRST = 12


def sentence(name: str, parameters: Parameters) -> Optional[str]:
    """None for an error that is not known, or lacks what its interface says: a newer daemon's."""
    try:
        return _SENTENCES[name.rpartition(".")[2]](parameters)
    except (KeyError, TypeError):
        return None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _first(names: List[str]) -> str:
    return ", ".join(names[:_FIRST]) + (", …" if len(names) > _FIRST else "")


def _known(names: List[str], none: str) -> str:
    return f"; there are: {_first(names)}" if names else f"; there is not {none}"


def _jobs(ids: List[int]) -> str:
    return ("job " if len(ids) == 1 else "jobs ") + ", ".join(map(str, ids))


def _removal(given: Parameters, name: Optional[str] = None) -> str:
    """What became of it, if it was there once."""
    if given.get("removedAt") is None or given.get("removedBy") is None:
        return ""
    moment = datetime.fromtimestamp(given["removedAt"] // 1_000_000, timezone.utc)
    checksum = f" (sha256 {given['sha256']})" if given.get("sha256") else ""
    told = f"; {name} was" if name else ": it was"
    return f"{told} removed on {moment:%Y-%m-%d %H:%M:%S} UTC by uid {given['removedBy']}{checksum}"


def _amount(value: int, what: str) -> str:
    if not what.startswith("bytes "):
        return str(value)
    if value < 10_000:
        return _count(value, "byte")
    size, unit = next(one for one in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")) if value >= one[0])
    return f"{value // size}.{value % size * 10 // size} {unit}"


def _no_such_model(given: Parameters) -> str:
    removed = given.get("removed")
    told = f"there is no model {given['model'] or repr('')}"
    told += _removal(given, None if removed == given["model"] else removed)
    makers = given.get("makers")
    if makers:
        verb = "is" if len(makers) == 1 else "are"
        return f"{told} yet: {_jobs(makers)} {verb} to make it (job({makers[-1]}).wait())"
    return told + _known(given["known"], "any model")


def _no_models(given: Parameters) -> str:
    if given.get("known"):
        return f"no model was named, and you have made none; name one with model: {_first(given['known'])}"
    if given.get("passedOver"):
        told = "no model was named, and each that there is has a warning; name one with model"
        return f"{told}: {_first(given['passedOver'])}"
    return "there is no model yet; Client.train makes one"


def _no_such_picture(given: Parameters) -> str:
    pictures, split = given["pictures"], given["split"]
    if pictures == 0:
        return f"the data set has no pictures to {split}"
    if given.get("file") is not None:
        name = given["file"] or repr("")
        return f"there is no picture {name} among the {_count(pictures, 'picture')} to {split}"
    return f"there is no picture {given.get('picture') or 0} to {split}; right would be 0 to {pictures - 1}"


def _busy(given: Parameters) -> str:
    limit, place, seconds = given["limit"], given.get("place"), given.get("seconds")
    told = f"busy: all places are taken, of which there {'is' if limit == 1 else 'are'} {limit}"
    told += "" if place is None else f", this would be number {place}"
    return told + "; try again" + ("" if seconds is None else f" in {_count(seconds, 'second')}")


def _too_large(given: Parameters) -> str:
    told = f"{given['what']}: the limit is {_amount(given['limit'], given['what'])}"
    current = given.get("current")
    return told if current is None else f"{told}, there are {_amount(current, given['what'])} now"


def _queue_full(given: Parameters) -> str:
    queued = _count(given["queued"], "job")
    if given.get("uid") is None:
        return f"the queue is full: {queued} in it, the limit is {given['limit']}"
    return f"you have {queued} in the queue, the limit for a user is {given['limit']}"


def _job_ended(given: Parameters) -> str:
    again = "" if given["state"] == "succeeded" else "; it can be retried"
    return f"job {given['id']} has ended already: {given['state']}{again}"


def _wrong_state(given: Parameters) -> str:
    verb = "resumed" if given["state"] == "paused" else "paused"
    actions = f"{verb}, prioritized or cancelled"
    return f"job {given['id']} is {given['state']}; it can be {actions}"


def _in_use(given: Parameters) -> str:
    what = f"model {given['model']}" if "model" in given else f"data set {given['dataset']}"
    return f"{what} is in use by {_jobs(given['jobs'])}"


def _job_in_use(given: Parameters) -> str:
    jobs = given["jobs"]
    if not jobs:
        return f"job {given['id']} is in use: its model is about to be promoted, as the best of sweep {given['sweep']}"
    return f"job {given['id']} is in use by {_jobs(jobs)}, which {'has' if len(jobs) == 1 else 'have'} not ended"


_SENTENCES: Dict[str, Callable[[Parameters], str]] = {
    "NoSuchJob": lambda given: f"there is no job {given['id']}",
    "JobEnded": _job_ended,
    "WrongState": _wrong_state,
    "QueueFull": _queue_full,
    "NoSuchSweep": lambda given: f"there is no sweep {given['name'] or repr('')}{_known(given['known'], 'any')}",
    "NoSuchKind": lambda given: (
        f"no runner offers jobs of the kind {given['kind'] or repr('')}{_known(given['kinds'], 'any')}"
    ),
    # No option that was given: the reason names the job.
    "InvalidOption": lambda given: (
        str(given["reason"]) if given["option"] == "id" else f"{given['option']}: {given['reason']}"
    ),
    "NoSuchDataset": lambda given: (
        f"there is no data set {given['dataset'] or repr('')}{_removal(given)}{_known(given['known'], 'any data set')}"
    ),
    "NoSuchPicture": _no_such_picture,
    "NoSuchModel": _no_such_model,
    "Stopping": lambda given: "the daemon is stopping",
    "NoDatasets": lambda given: "there is no data set yet; Client.import_dataset makes one",
    "NoModels": _no_models,
    "BadImage": lambda given: f"picture {given['index']}: {given['reason']}",
    "TooManyImages": lambda given: f"{_count(given['images'], 'picture')} in one call, the limit is {given['limit']}",
    "TimedOut": lambda given: (
        f"timed out: the pictures waited for {given['timeout']} ms and were not looked at; try again"
    ),
    "Busy": _busy,
    "RunnerFailed": lambda given: f"the runner failed: {given['reason']}",
    "NameTaken": lambda given: (
        f"another data set has the name {given['dataset']}; choose another, or remove that one"
    ),
    "InUse": _in_use,
    "ModelInUse": _in_use,
    "JobInUse": _job_in_use,
    "BadData": lambda given: f"{given['file']}: {given['reason']}",
    "PathNotAllowed": lambda given: (
        f"the daemon does not read {given['path']}; it reads below {', '.join(given['allowed'])}"
    ),
    "NoSuchPath": lambda given: f"{given['path']}: no such file or directory",
    "NoSuchUpload": lambda given: f"no upload of {given['sha256']} was begun",
    "WrongOffset": lambda given: f"the upload stands at byte {given['offset']}",
    "WrongChecksum": lambda given: (
        f"the bytes have the sha256 {given['found']}, not {given['sha256']}; they were dropped"
    ),
    "TooLarge": _too_large,
    "BadModel": lambda given: f"the model can't be used: {given['reason']}",
    "Diverged": lambda given: (
        f"the loss was no longer finite in epoch {given['epoch']}, step {given['step']}; "
        "a smaller learning rate or a longer warm-up may help"
    ),
    "DiskFull": lambda given: f"the disk is full: {given['reason']}",
    "Failed": lambda given: str(given["reason"]),
    "PermissionDenied": lambda given: "not permitted: only its owner or an administrator may do this",
    "InvalidParameter": lambda given: (
        f"{given['parameter']}: the daemon does not know this parameter, or not such a value of it"
    ),
}
