"""Made of protocol/*.varlink by `make generate`: change those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from .errors import SqzdError


@dataclass(frozen=True)
class Dataset:
    """sha256 and size are those of the file that sqzd keeps. format is what it was imported from. created_at is in
    microseconds since 1970-01-01 00:00:00 UTC. train_by_class and test_by_class are the pictures of each class,
    in the classes' order; they are missing where the import did not count. fit says how pictures became squares,
    where they did and it is known.
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
    fit: Optional[PictureFit]


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


# "train" or "test". Which pictures of a data set: those to train with, or those to test with.
DatasetSplit = str


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
    can't be used; it has no classes then. again: the picture was not looked at, since those before it took what
    one call may; send it again. The first picture of a call is always looked at, and after one that was not none
    was.
    """

    label: Optional[int]
    classes: List[ClassProbability]
    problem: Optional[str]
    again: Optional[bool]


@dataclass(frozen=True)
class Timings:
    """Where the time of a call went, in microseconds: while its pictures waited for the runner; while the runner had
    them, with those of other calls, without computing (it reads them, and ends the call before); while it
    computed all that it had of it, which it does for all calls that went together at once. engine is missing
    where the runner does not tell, batch is all of the two then.
    """

    queue: int
    batch: int
    engine: Optional[int]


# "queued", "running", "paused", "succeeded", "failed" or "cancelled". queued: waits for its turn; a job that was
# interrupted is queued again and goes on from its checkpoint. So is one whose runner crashed, up to three times in a
# row without getting further; it waits ten seconds before the first retry, and each time after four times as long.
# paused: waits to be resumed. succeeded, failed and cancelled are ends.
State = str


@dataclass(frozen=True)
class Progress:
    """How far a running job is. epoch counts from 1, step counts the steps done in this epoch. loss and accuracy are
    means over the epoch so far, the validation values and the warning those of the last whole epoch.
    learning_rate is that of the last step.
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
    learning_rate: Optional[float]


# "success", "failure" or "any". What the end of another job must be for a job to run after it. A job whose condition
# can't be met any more is cancelled.
DependencyCondition = str


@dataclass(frozen=True)
class Dependency:
    job: int
    condition: DependencyCondition = "success"


# "noGain" or "finished". Why a training ended before its last epoch: so many epochs brought no gain, or it was told to
# finish.
EarlyEnd = str


@dataclass(frozen=True)
class ClassFigures:
    """How many pictures of a class there were, how many of them were put into it, and how many pictures were put
    into it in all. So its recall is correct / pictures, its precision correct / predicted.
    """

    name: str
    pictures: int
    correct: int
    predicted: Optional[int]


@dataclass(frozen=True)
class ConfusionCell:
    """Pictures of the class label that were put into the class predicted."""

    label: int
    predicted: int
    pictures: int


@dataclass(frozen=True)
class CalibrationBin:
    """The pictures whose class was given a probability above (i - 1) / 15 and up to i / 15: how many, how many of
    them were of this class, and their mean probability, absent where there are none.
    """

    pictures: int
    correct: int
    probability: Optional[float]


@dataclass(frozen=True)
class MeasuredPicture:
    """A picture of the class label that was put into the class predicted, and what both were given. picture and file
    are as in Prediction.
    """

    picture: int
    label: int
    predicted: int
    probability: float
    label_probability: float
    file: Optional[str]


@dataclass(frozen=True)
class Measurement:
    """What was found of pictures whose classes are known, beside loss and accuracy. split says which pictures are
    numbered. top_five is the share of the pictures whose class is among the five likeliest, where there are more
    than five classes. calibration are fifteen bins, calibration_error the expected calibration error that they
    come to (Guo et al. 2017): the mean difference between probability and accuracy. confusion counts, by label
    and then by predicted class; of more than 16,384 kinds those are left out that have fewest pictures, and
    confusion_rest says how many pictures they have. mistakes are the pictures in a wrong class, those first that
    were given the highest probability; examples the one of each class that was put into it with the highest.
    """

    split: DatasetSplit
    top_five: Optional[float]
    calibration_error: Optional[float]
    calibration: List[CalibrationBin]
    confusion: List[ConfusionCell]
    confusion_rest: Optional[int]
    mistakes: List[MeasuredPicture]
    examples: List[MeasuredPicture]


@dataclass(frozen=True)
class Figures:
    """Loss, top-1 accuracy, and the expected calibration error where that is what changed."""

    loss: Optional[float]
    accuracy: Optional[float]
    calibration_error: Optional[float]


@dataclass(frozen=True)
class Outcome:
    """What a job came to. model is NAME@VERSION of the model that a training job made; one that was cancelled, or
    whose time was over, has one where it was submitted with keepPartial. measured says which of the data set's
    pictures loss and accuracy are of, where the job chose them. warning says what is amiss though it succeeded,
    as that a model is no better than chance. epoch is the one whose weights the model has, of which loss and
    accuracy are; last_epoch the one in which the training ended, of so many epochs that it was to have, and early
    why where that was before the last one's end. by_class is what accuracy is made of, in the classes' order,
    measurement what else was found; lists of jobs leave both out. flipped are the figures by the mean of each
    picture's and its mirror image's logits, where that was asked for. before are the figures, on the same
    pictures, of the model of which a job of fewer bits or a calibration made another, temperature what the latter
    divided its logits by.
    """

    model: Optional[str]
    images: Optional[int]
    loss: Optional[float]
    accuracy: Optional[float]
    predictions: Optional[int]
    measured: Optional[str]
    warning: Optional[str]
    epoch: Optional[int]
    last_epoch: Optional[int]
    epochs: Optional[int]
    early: Optional[EarlyEnd]
    by_class: Optional[List[ClassFigures]]
    flipped: Optional[Figures]
    measurement: Optional[Measurement]
    before: Optional[Figures]
    temperature: Optional[float]


@dataclass(frozen=True)
class Job:
    """dataset is a data set's name. model is the model that the job uses (NAME@VERSION, but NAME while the job that
    makes it has not ended), or the name under which a training job registers what it makes. base is the model
    that it tunes (NAME@VERSION). time_limit is how many seconds it may run, over all its runs, deadline until
    when it must have ended. starts counts how often a runner was started for it. position is its place in the
    order in which waiting jobs are going to run, from 1. expected_start and expected_end are guesses, from how
    far what runs says that it is and how long such jobs took before; they are absent where one of these is not
    known. reason says why it waits, in the queue or, while it runs, for what a launcher asked for, or why it
    failed. keep_partial: as it was submitted. finishing: it ends as soon as it has made a model of what it has.
    name and note are its submitter's words for it; the jobs of a sweep have its name, and sweep says it.
    predictions_removed_at is when the predictions were removed that it had. ranks is how many processes the job
    is, which the launcher starts; both are absent where it is one that sqzd starts itself.
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
    base: Optional[str]
    keep_partial: Optional[bool]
    finishing: Optional[bool]
    name: Optional[str]
    note: Optional[str]
    sweep: Optional[str]
    predictions_removed_at: Optional[int]
    ranks: Optional[int]
    launcher: Optional[str]


# "state", "epoch" or "progress". state: a transition. epoch: an epoch ended, progress holds its figures. progress: how
# far the job is now; such events are sent to those who watch and not kept, and have no sequence; one with a reason in
# place of progress says for what the job waits. sequence counts a job's kept events from 1.
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
    is known; classes are the likeliest ones, likeliest first; file is the path that the picture had in what was
    imported.
    """

    picture: int
    label: Optional[int]
    classes: List[ClassProbability]
    file: Optional[str]


@dataclass(frozen=True)
class Sweep:
    """Jobs that were submitted together under one name, which no other sweep has. repeated is the option that only
    repeats them, as the seed. best is the model that was promoted by itself, or is going to be: NAME@VERSION, and
    the job that made it. problem says why none is.
    """

    name: str
    kind: str
    uid: int
    submitted_at: int
    repeated: Optional[str]
    promote_best: bool
    best: Optional[str]
    best_job: Optional[int]
    promoted: bool
    problem: Optional[str]


@dataclass(frozen=True)
class SweepMember:
    """A job of a sweep. options are its own, which were laid over those that all share. loss and accuracy are what
    it came to; before that, those of the validation in its best epoch so far.
    """

    job: Job
    options: Dict[str, Any]
    epoch: Optional[int]
    loss: Optional[float]
    accuracy: Optional[float]


@dataclass(frozen=True)
class SweepGroup:
    """The jobs of a sweep that differ in nothing but the option that repeats them, and how many of them have
    figures. The spreads are standard deviations of a sample; one has none.
    """

    options: Dict[str, Any]
    jobs: List[int]
    measured: int
    loss: Optional[float]
    loss_spread: Optional[float]
    accuracy: Optional[float]
    accuracy_spread: Optional[float]


# "cancel", "pause", "resume", "retry" or "prioritize". What can be done with all jobs of a sweep at once.
SweepAction = str


@dataclass(frozen=True)
class JobCounts:
    """How many jobs are in which state."""

    queued: int
    running: int
    paused: int
    succeeded: int
    failed: int
    cancelled: int


# "integer", "number", "text", "flag" or "model". integer, number, text or flag (true or false).
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
    """An option of a kind of job. One of type model names a model as `base` does, and is settled to NAME@VERSION.
    default is written as on a command line; absent where it depends on other options or data. base_default stands
    for it where a model is tuned. bounds hold beside minimum and maximum. base: true of an option that makes
    sense only where a model is tuned, false of one that comes with that model.
    """

    name: str
    type: OptionType
    help: str
    default: Optional[str]
    choices: Optional[List[str]]
    minimum: Optional[float]
    maximum: Optional[float]
    bounds: Optional[List[OptionBound]]
    base: Optional[bool]
    base_default: Optional[str]


@dataclass(frozen=True)
class Preset:
    """What a value of an option stands for: the defaults of other options, written as on a command line, where none
    are given.
    """

    option: str
    value: str
    help: str
    defaults: Dict[str, str]


# "none", "used" or "made". none: the job has nothing to do with models. used: it needs one. made: it makes one.
ModelUse = str


@dataclass(frozen=True)
class Kind:
    """A kind of job that a runner offers. minimum_pictures and minimum_classes are what its data set must have of
    both, for training and testing together. same_classes: the model that it uses must tell the data set's classes
    apart, the one that it makes will. tunes: it may begin with the weights of another model, its base. named: its
    runs are told what the data set and the model are called. presets: what values of an option stand for.
    finishes: its jobs can be ended early, with a model of what they have. needs_base: what it makes is made of
    its base. ranks: of how many processes a job may be; absent: of one.
    """

    name: str
    help: str
    dataset: bool
    model: ModelUse
    options: List[Option]
    minimum_pictures: Optional[int]
    minimum_classes: Optional[int]
    same_classes: Optional[bool]
    tunes: Optional[bool]
    named: Optional[bool]
    presets: Optional[List[Preset]]
    finishes: Optional[bool]
    needs_base: Optional[bool]
    ranks: Optional[List[int]]


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
class Histogram:
    """How values are spread: counts[i] of them were bounds[i] or less, and more than the bounds before; the bounds
    ascend. count is how many there were in all, with those above the last bound, and sum what they add up to.
    """

    name: str
    help: str
    labels: Dict[str, str]
    bounds: List[float]
    counts: List[int]
    count: int
    sum: float


# "datasets", "models", "predictions", "logs", "checkpoints" or "uploads". What users have on the disk. logs are what
# jobs' runners wrote.
DiskKind = str


@dataclass(frozen=True)
class DiskPart:
    """What a user has of a kind: how many things, and their bytes; and of these what Prune may remove."""

    uid: int
    what: DiskKind
    count: int
    bytes: int
    removable: int
    removable_bytes: int


# "jobs", "predictions", "checkpoints" or "uploads". What Prune removes. jobs: those that have ended and that no other
# job needs, with all that they have. predictions: those of jobs that have succeeded. checkpoints: those of jobs that
# have failed, which begin anew when they are retried. uploads: those to which nothing was added for an hour.
PruneKind = str


@dataclass(frozen=True)
class PrunedPart:
    """Of so many jobs or uploads of a user, so many bytes went, or would go."""

    uid: int
    what: PruneKind
    count: int
    bytes: int


@dataclass(frozen=True)
class BackupFile:
    """A file of a backup."""

    name: str
    size: int


@dataclass(frozen=True)
class Layer:
    """One layer. output is channels, height, width. kernel, stride and padding are those of a convolution's or a
    pool's window, the same both ways.
    """

    name: str
    kind: str
    output: List[int]
    parameters: int
    multiply_adds: int
    kernel: Optional[int]
    stride: Optional[int]
    padding: Optional[int]


@dataclass(frozen=True)
class Generation:
    """How a model was made, as its file says it, which is its author's word and checked by nobody: by which version
    of sqzd; if it was trained, with so many pictures of a data set, and so many to validate, the options that
    decide what comes out, for so many epochs; epoch is the one whose weights it has, of which the figures are,
    last_epoch the one in which the training ended; base is the model that was tuned, or brought to so many bits,
    or whose logits were divided by a temperature, NAME@VERSION there and then, and the sha256 of its weights. If
    it was imported, of a file of which format, from where, and what was taken for granted. When, by whom and in
    which job, Model says where it was made.
    """

    version: Optional[str]
    dataset: Optional[str]
    dataset_sha256: Optional[str]
    pictures: Optional[int]
    validated: Optional[int]
    options: Optional[Dict[str, str]]
    epochs: Optional[int]
    seed: Optional[int]
    loss: Optional[float]
    accuracy: Optional[float]
    validation_loss: Optional[float]
    validation_accuracy: Optional[float]
    base: Optional[str]
    base_weights_sha256: Optional[str]
    format: Optional[str]
    origin: Optional[str]
    remarks: Optional[List[str]]
    epoch: Optional[int]
    last_epoch: Optional[int]
    bits: Optional[int]
    temperature: Optional[float]


@dataclass(frozen=True)
class Model:
    """size is the file's, in bytes; sha256 is the file's, weights_sha256 that of the weights alone (float32,
    little-endian, in the order of the layers; of fewer bits the weights, scales, biases and steps). bits is how
    many a weight has, where that is not 32. accuracy and loss are those on the pictures kept for validation.
    created_at is in microseconds since 1970-01-01 00:00:00 UTC. A model with a warning, as that it is no better
    than chance, is used only where it is named. uid is the user who made it, owner the one whose its name is.
    promoted: it is what NAME means. pinned: so, and it stays loaded. loaded: it has a runner to classify with, or
    is about to.
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
    owner: Optional[int]
    promoted: Optional[bool]
    tags: Optional[List[str]]
    pinned: Optional[bool]
    loaded: Optional[bool]
    bits: Optional[int]


@dataclass(frozen=True)
class RemovedModel:
    """A version that was removed, by whom and when, and its file's sha256. It is not given out again."""

    name: str
    version: int
    sha256: str
    removed_at: int
    removed_by: int


@dataclass(frozen=True)
class Serving:
    """How a name's models are served. Calls that wait are joined up to so many pictures, 1 to 1,024 (a call of more
    goes alone); pictures wait at most max_delay milliseconds, 0 to 10,000, for others to join them; so many
    runners work on them at the same time, 1 to 4, as far as there is room for further ones, 4 of all models; a
    model that nobody used for keep seconds, 1 to 86,400, is unloaded.
    """

    max_batch: int
    max_delay: int
    runners: int
    keep: int


@dataclass(frozen=True)
class Classified:
    """What io.sqzd.Inference.Classify replies.

    Classifies pictures, each as base64: a PNG, JPEG or WebP file of any size in pixels and at most 12,000,000
    bytes, which is known by its content and shown upright, over white; or 3,072 bytes (32x32 pixels; all of the
    red, then the green, then the blue plane, row by row) or 3,073 bytes (the label first, as in a CIFAR-10 file).
    There are 1,024 at most. model is NAME, NAME@VERSION or NAME@TAG; by default the caller's own newest one
    without a warning, else the default model of the configuration. top is how many classes to name, 5 by default.
    With skipBad, each picture that can't be used has its problem among the results; else the first one is the
    error BadImage. model in the reply is NAME@VERSION. There is a result for each picture, in their order. With
    `more` there may be several replies, each with the results after those of the one before. Of large pictures
    one call has 2,147,483,648 values (width x height x 3 or 4 channels, as files say) decoded at most, and at
    least half of that if it has as many; those after it have a problem and `again`. A call whose pictures have
    waited for timeout milliseconds, 1 to 3,600,000, without being begun is the error TimedOut. With timings, each
    reply with results says where the time went since the call came, or since the reply before. With flip, classes
    come from the mean of the logits of each picture and its mirror image, in twice the time.
    """

    model: str
    results: List[Classification]
    timings: Optional[Timings]


@dataclass(frozen=True)
class SubmittedSweep:
    """What io.sqzd.Jobs.SubmitSweep replies.

    Puts a job into the queue for each of members (256 at most): what Submit is given, and options laid over those
    that they share. All of them or none: each is checked before, and an error says of which member it is. name:
    of the sweep, sweep-ID by default, with the id of its first job. repeated: the option that only repeats a job,
    as the seed. promoteBest: when the last of the jobs has ended, the model of the highest accuracy, of those
    without a warning, is promoted, as Promote does.
    """

    name: str
    ids: List[int]


@dataclass(frozen=True)
class SweepTable:
    """What io.sqzd.Jobs.ShowSweep replies.

    A sweep, its jobs in the order in which they were submitted, and what those came to together that differ in
    nothing but what repeats them.
    """

    sweep: Sweep
    members: List[SweepMember]
    groups: List[SweepGroup]


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
class DiskUse:
    """What io.sqzd.Manager.Disk replies.

    What is on the disk. database: bytes of the records, with predictions; database_unused of these are left of
    what was removed, and used again. free_disk is what users can still write to the file system; user_limit and
    limit are what each user and all together may have, reserve what must stay free.
    """

    parts: List[DiskPart]
    database: int
    database_unused: int
    free_disk: int
    user_limit: int
    limit: int
    reserve: int


@dataclass(frozen=True)
class Diagnosis:
    """What io.sqzd.Manager.Diagnose replies.

    How the daemon stands with its machine. open_files of open_files_limit (RLIMIT_NOFILE) are open,
    connections_limit connections may be. sync_seconds is how long a write of 4 KiB to the state directory takes
    until it is on the disk (fsync(2)): the median of nine, 0 where the disk is full. free_disk and reserve are as
    Disk says; journal: whether it writes to the journal. missing are models and data sets, as "model m@1" and
    "data set d", at most 100, whose files are not where they belong.
    """

    open_files: int
    open_files_limit: int
    connections_limit: int
    free_disk: int
    reserve: int
    sync_seconds: float
    journal: bool
    missing: List[str]


@dataclass(frozen=True)
class ModelWithLayers:
    """What io.sqzd.Models.Show replies.

    A model by NAME (its promoted version), NAME@VERSION or NAME@TAG, its layers, and its history, at most 16
    generations: how it was made, then how the model was that it was tuned from, and so on; and how it is served.
    """

    model: Model
    layers: List[Layer]
    history: Optional[List[Generation]]
    serving: Optional[Serving]


class NoSuchDataset(SqzdError):
    """There is no such data set; known are those that there are. If there was one: who removed it, when, and its
    file's sha256.

    Parameters: `dataset`, `known`, `removedAt`, `removedBy`, `sha256`.
    """


class NoSuchPicture(SqzdError):
    """There is no picture of this number, or of this path, among those of the split, of which there are so many.

    Parameters: `split`, `pictures`, `picture`, `file`.
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

    io.sqzd.Manager: A parameter does not fit; reason says what would.

    Parameters: `option`, `reason`.
    """


class Busy(SqzdError):
    """io.sqzd.Datasets: As many imports as are allowed at the same time are under way; try again.

    io.sqzd.Inference: Too many calls wait for this model already. place is the one that this call would have had
    among them, 1 the next; seconds is when it would have been its turn, at the rate of those before: when to come
    again. They are missing where they are not known.

    io.sqzd.Manager: limit backups are being made already. Try again, in so many seconds if that is known.

    io.sqzd.Models: As many imports as are allowed at the same time are under way; try again, in so many seconds
    where it is known how long they take. place is missing: nobody waits in a queue here.

    Parameters: `limit`, `place`, `seconds`.
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
    """No model was named, and the caller has made none. passedOver: those that there are, the newest first, if each
    has a warning; known: others that there are, by name. One of them must be named.

    Parameters: `passedOver`, `known`.
    """


class NoSuchModel(SqzdError):
    """There is no such model; known are those that there are: the versions of its name, else names. makers are the
    jobs that are to make one of this name. removed is the NAME@VERSION that there was, if there was one: who
    removed it, when, and its file's sha256.

    Parameters: `model`, `known`, `makers`, `removed`, `removedAt`, `removedBy`, `sha256`.
    """


class BadImage(SqzdError):
    """Picture number index (from 0) cannot be used.

    Parameters: `index`, `reason`.
    """


class TooManyImages(SqzdError):
    """Too many pictures in one call.

    Parameters: `limit`, `images`.
    """


class TimedOut(SqzdError):
    """The pictures have waited for so many milliseconds, as long as the caller wanted, and were not looked at.

    Parameters: `timeout`.
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


class JobInUse(SqzdError):
    """The job has ended, but jobs need it: they wait for it, or for the model that it was to make, or are of the
    same sweep and have not ended. Without jobs, its model is about to be promoted as the best of the sweep.

    Parameters: `id`, `jobs`, `sweep`.
    """


class QueueFull(SqzdError):
    """limit jobs are queued or paused already: by this user if uid is set, else in all.

    Parameters: `limit`, `queued`, `uid`.
    """


class NoSuchSweep(SqzdError):
    """There is no such sweep; known are the newest of those that there are.

    Parameters: `name`, `known`.
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
