"""Made of protocol/*.varlink by `make generate`: change those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from .errors import SqzdError


@dataclass(frozen=True)
class Dataset:
    """sha256 and size are those of the file that sqzd keeps. format is what it was imported from. created_at is in
    microseconds since 1970-01-01 00:00:00 UTC. train_by_class and test_by_class are the pictures of each class,
    in the classes' order; they are missing where the import did not count.
    """

    name: str
    sha256: str
    size: int
    format: str
    train: int
    test: int
    classes: List[str]
    height: int
    width: int
    uid: int
    created_at: int
    train_by_class: Optional[List[int]]
    test_by_class: Optional[List[int]]


@dataclass(frozen=True)
class File:
    """A file that was uploaded, and the name it has to the user."""

    name: str
    sha256: str


# "crop", "pad" or "stretch". How a picture of any shape becomes a square: the middle of it, all of it with black beside
# it, or all of it whatever becomes of its proportions.
PictureFit = str


@dataclass(frozen=True)
class UnreadablePicture:
    """A picture that can't be read, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class PassedOver:
    """Files that are no part of a data set, and why; example is the first of them by name."""

    reason: str
    files: int
    example: str


@dataclass(frozen=True)
class ImportSummary:
    """What an import of pictures came to: squares of so many pixels a side; what was passed over; how many pictures
    could not be read and were left out; how many test pictures are training pictures too, byte for byte.
    """

    size: int
    fit: PictureFit
    passed_over: List[PassedOver]
    unreadable: int
    duplicates: int


@dataclass(frozen=True)
class ClassProbability:
    index: int
    name: str
    probability: float


@dataclass(frozen=True)
class Classification:
    """label is the true class, where the picture came with one (a record of 3,073 bytes). problem is why the picture
    can't be used; it has no classes then.
    """

    label: Optional[int]
    classes: List[ClassProbability]
    problem: Optional[str]


# "queued", "running", "paused", "succeeded", "failed" or "cancelled". queued: waits for its turn; a job that was
# interrupted is queued again and goes on from its checkpoint. So is one whose runner crashed, up to three times in a
# row without getting further; it waits ten seconds before the first retry, and each time after four times as long.
# paused: waits to be resumed. succeeded, failed and cancelled are ends.
State = str


@dataclass(frozen=True)
class Progress:
    """How far a running job is. epoch counts from 1, step counts the steps done in this epoch. loss and accuracy are
    means over the epoch so far, the validation values and the warning those of the last whole epoch.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: Optional[float]
    accuracy: Optional[float]
    validation_loss: Optional[float]
    validation_accuracy: Optional[float]
    images_per_second: Optional[float]
    seconds_left: Optional[float]
    warning: Optional[str]


# "success", "failure" or "any". What the end of another job must be for a job to run after it. A job whose condition
# can't be met any more is cancelled.
DependencyCondition = str


@dataclass(frozen=True)
class Dependency:
    job: int
    condition: DependencyCondition = "success"


@dataclass(frozen=True)
class Outcome:
    """What a job came to. model is NAME@VERSION of the model that a training job made. measured says which of the
    data set's pictures loss and accuracy are of, where the job chose them. warning says what is amiss though it
    succeeded, as that a model is no better than chance.
    """

    model: Optional[str]
    images: Optional[int]
    loss: Optional[float]
    accuracy: Optional[float]
    predictions: Optional[int]
    measured: Optional[str]
    warning: Optional[str]


@dataclass(frozen=True)
class Job:
    """dataset is a data set's name. model is the model that the job uses (NAME@VERSION, but NAME while the job that
    makes it has not ended), or the name under which a training job registers what it makes. time_limit is how
    many seconds it may run, over all its runs, deadline until when it must have ended. starts counts how often a
    runner was started for it. position is its place in the order in which waiting jobs are going to run, from 1.
    expected_start and expected_end are guesses, from how far what runs says that it is and how long such jobs
    took before; they are absent where one of these is not known. reason says why it waits or why it failed.
    """

    id: int
    kind: str
    runner: str
    state: State
    uid: int
    priority: int
    options: Dict[str, Any]
    dataset: Optional[str]
    model: Optional[str]
    after: List[Dependency]
    time_limit: Optional[int]
    deadline: Optional[int]
    submitted_at: int
    started_at: Optional[int]
    ended_at: Optional[int]
    starts: int
    position: Optional[int]
    expected_start: Optional[int]
    expected_end: Optional[int]
    reason: Optional[str]
    progress: Optional[Progress]
    outcome: Optional[Outcome]


# "state", "epoch" or "progress". state: a transition. epoch: an epoch ended, progress holds its figures. progress: how
# far the job is now; such events are sent to those who watch and not kept, and have no sequence. sequence counts a
# job's kept events from 1.
EventKind = str


@dataclass(frozen=True)
class Event:
    sequence: Optional[int]
    time: int
    kind: EventKind
    state: Optional[State]
    reason: Optional[str]
    progress: Optional[Progress]
    outcome: Optional[Outcome]


@dataclass(frozen=True)
class Prediction:
    """One picture's prediction. picture counts from 0 in the order of the data set; label is the true class where it
    is known; classes are the likeliest ones, likeliest first.
    """

    picture: int
    label: Optional[int]
    classes: List[ClassProbability]


@dataclass(frozen=True)
class JobCounts:
    """How many jobs are in which state."""

    queued: int
    running: int
    paused: int
    succeeded: int
    failed: int
    cancelled: int


# "integer", "number", "text" or "flag". integer, number, text or flag (true or false).
OptionType = str


@dataclass(frozen=True)
class OptionBound:
    """What an option may be where another one, given or by default, has one of these values, written as on a command
    line.
    """

    option: str
    values: List[str]
    minimum: Optional[float]
    maximum: Optional[float]


@dataclass(frozen=True)
class Option:
    """An option of a kind of job. default is written as on a command line; absent where it depends on other options
    or data. bounds hold beside minimum and maximum.
    """

    name: str
    type: OptionType
    help: str
    default: Optional[str]
    choices: Optional[List[str]]
    minimum: Optional[float]
    maximum: Optional[float]
    bounds: Optional[List[OptionBound]]


# "none", "used" or "made". none: the job has nothing to do with models. used: it needs one. made: it makes one.
ModelUse = str


@dataclass(frozen=True)
class Kind:
    """A kind of job that a runner offers. minimum_pictures and minimum_classes are what its data set must have of
    both, for training and testing together. same_classes: the model that it uses must tell the data set's classes
    apart, the one that it makes will.
    """

    name: str
    help: str
    dataset: bool
    model: ModelUse
    options: List[Option]
    minimum_pictures: Optional[int]
    minimum_classes: Optional[int]
    same_classes: Optional[bool]


@dataclass(frozen=True)
class Runner:
    """A runner that was found at path. error says why it can't be used, if it can't."""

    path: str
    name: str
    version: str
    properties: Dict[str, str]
    kinds: List[Kind]
    error: Optional[str]


# "counter" or "gauge". counter: only grows while the daemon runs. gauge: goes up and down.
MetricKind = str


@dataclass(frozen=True)
class Metric:
    """A figure, with labels that tell it from others of its name, as Prometheus has them."""

    name: str
    kind: MetricKind
    help: str
    labels: Dict[str, str]
    value: float


@dataclass(frozen=True)
class Layer:
    """One layer. output is channels, height, width."""

    name: str
    kind: str
    output: List[int]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Model:
    """size is the file's, in bytes; sha256 is the file's, weights_sha256 that of the weights alone (float32,
    little-endian, in the order of the layers). accuracy and loss are those on the pictures kept for validation.
    created_at is in microseconds since 1970-01-01 00:00:00 UTC. A model with a warning, as that it is no better
    than chance, is used only where it is named.
    """

    name: str
    version: int
    sha256: str
    weights_sha256: str
    size: int
    architecture: str
    bypass: str
    classes: List[str]
    parameters: int
    multiply_adds: int
    preprocessing: str
    runner: str
    job: Optional[int]
    uid: int
    dataset: Optional[str]
    created_at: int
    loss: Optional[float]
    accuracy: Optional[float]
    warning: Optional[str]


@dataclass(frozen=True)
class Classified:
    """What io.sqzd.Inference.Classify replies.

    Classifies pictures, each as base64: a PNG, JPEG or WebP file of any size in pixels and at most 12,000,000
    bytes, which is known by its content and shown upright, over white; or 3,072 bytes (32x32 pixels; all of the
    red, then the green, then the blue plane, row by row) or 3,073 bytes (the label first, as in a CIFAR-10 file).
    There are 1,024 at most. model is NAME or NAME@VERSION; by default the default model of the configuration,
    else the newest one without a warning. top is how many classes to name, 5 by default. With skipBad, each
    picture that can't be used has its problem among the results; else the first one is the error BadImage. model
    in the reply is NAME@VERSION. There is a result for each picture, in their order.
    """

    model: str
    results: List[Classification]


@dataclass(frozen=True)
class Snapshot:
    """What io.sqzd.Jobs.Monitor replies.

    The jobs that run and the first 100 that wait, at once and then whenever something has changed, four times a
    second at most. Needs `more`; never ends. At least every 30 seconds there is a reply.
    """

    running: List[Job]
    waiting: List[Job]


@dataclass(frozen=True)
class Info:
    """What io.sqzd.Manager.Info replies.

    kernels: the instruction set that the built-in runner's kernels use. data_directories: where Import may read.
    processors are those of the machine, usable_processors those that jobs may use, with a thread each;
    usable_reason says what allows no more.
    """

    version: str
    pid: int
    uid: int
    started_at: int
    state_directory: str
    data_directories: List[str]
    processors: int
    kernels: Optional[str]
    jobs: JobCounts
    usable_processors: Optional[int]
    usable_reason: Optional[str]


@dataclass(frozen=True)
class ModelWithLayers:
    """What io.sqzd.Models.Show replies.

    A model by NAME (its highest version) or NAME@VERSION, and its layers.
    """

    model: Model
    layers: List[Layer]


class NoSuchDataset(SqzdError):
    """There is no such data set; known are those that there are.

    Parameters: `dataset`, `known`.
    """


class NameTaken(SqzdError):
    """Another data set has this name.

    Parameters: `dataset`.
    """


class InUse(SqzdError):
    """Jobs that have not ended use this data set.

    Parameters: `dataset`, `jobs`.
    """


class BadData(SqzdError):
    """What is wrong with the files.

    Parameters: `file`, `reason`.
    """


class PathNotAllowed(SqzdError):
    """Only paths below these directories are read by the daemon; upload the files instead.

    Parameters: `path`, `allowed`.
    """


class NoSuchPath(SqzdError):
    """There is nothing at this path.

    Parameters: `path`.
    """


class NoSuchUpload(SqzdError):
    """No upload of a file with this sha256 was begun.

    Parameters: `sha256`.
    """


class WrongOffset(SqzdError):
    """The upload stands at offset.

    Parameters: `sha256`, `offset`.
    """


class WrongChecksum(SqzdError):
    """The uploaded bytes have another checksum than was offered; the upload was dropped.

    Parameters: `sha256`, `found`.
    """


class TooLarge(SqzdError):
    """io.sqzd.Datasets: More of what than is allowed: bytes in one upload, files in one data set, bytes of a user's
    on the disk. current: how much there is.

    io.sqzd.Jobs: What the user has on the disk (uploads, data sets, models, checkpoints, logs, predictions) takes
    up what it may: there is no room for a model.

    io.sqzd.Manager: Comes to any call, or to none, before the connection is closed: too many connections are
    open, or too many bytes are in messages that are not answered yet.

    Parameters: `what`, `limit`, `current`.
    """


class InvalidOption(SqzdError):
    """io.sqzd.Datasets, io.sqzd.Models: An option or parameter by its name does not fit; reason says what would.

    io.sqzd.Jobs: An option, or one of the other parameters by its name, does not fit; reason says what would.

    Parameters: `option`, `reason`.
    """


class Busy(SqzdError):
    """io.sqzd.Datasets, io.sqzd.Models: As many imports as are allowed at the same time are under way; try again.

    io.sqzd.Inference: Too many calls wait for this model already.

    Parameters: `limit`.
    """


class RunnerFailed(SqzdError):
    """io.sqzd.Datasets: The runner that reads data sets is missing or failed.

    io.sqzd.Inference: The model's runner ended or did not understand the model.

    io.sqzd.Models: The runner that reads models is missing or failed.

    Parameters: `reason`.
    """


class Stopping(SqzdError):
    """io.sqzd.Datasets, io.sqzd.Inference, io.sqzd.Models: The daemon is stopping.

    io.sqzd.Jobs: The daemon is stopping and takes no new jobs.
    """


class Failed(SqzdError):
    """The daemon itself is in trouble, a full disk for instance; reason says what it is.

    Parameters: `reason`.
    """


class NoModels(SqzdError):
    """No model was named and there is none yet. passedOver: those that there are, the newest first, if each has a
    warning; one of them must be named.

    Parameters: `passedOver`.
    """


class NoSuchModel(SqzdError):
    """There is no such model; known are those that there are: the versions of its name, else names. makers are the
    jobs that are to make one of this name.

    Parameters: `model`, `known`, `makers`.
    """


class BadImage(SqzdError):
    """Picture number index (from 0) cannot be used.

    Parameters: `index`, `reason`.
    """


class TooManyImages(SqzdError):
    """Too many pictures in one call.

    Parameters: `limit`, `images`.
    """


class NoSuchJob(SqzdError):
    """There is no job of this id.

    Parameters: `id`.
    """


class JobEnded(SqzdError):
    """The job has ended already.

    Parameters: `id`, `state`.
    """


class WrongState(SqzdError):
    """The job is in a state in which this can't be done.

    Parameters: `id`, `state`.
    """


class QueueFull(SqzdError):
    """limit jobs are queued or paused already: by this user if uid is set, else in all.

    Parameters: `limit`, `queued`, `uid`.
    """


class NoSuchKind(SqzdError):
    """No runner offers this kind; kinds are those that are offered.

    Parameters: `kind`, `kinds`.
    """


class NoDatasets(SqzdError):
    """No data set was named and there is none yet."""


class ModelInUse(SqzdError):
    """Jobs that have not ended use this model.

    Parameters: `model`, `jobs`.
    """


class BadModel(SqzdError):
    """A model can't be used; reason says why.

    Parameters: `reason`.
    """
