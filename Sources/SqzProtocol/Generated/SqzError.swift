// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// Every error of the interfaces. On the wire an error has the name of the interface whose method was called:
/// `io.sqzd.Jobs.NoSuchModel`, `io.sqzd.Models.NoSuchModel`.
public enum SqzError: VarlinkErrors, Equatable {
    /// There is no such data set; known are those that there are. If there was one: who removed it, when, and its
    /// file's sha256.
    case noSuchDataset(
        dataset: String, known: [String], removedAt: Int? = nil, removedBy: Int? = nil, sha256: String? = nil
    )

    /// There is no picture of this number, or of this path, among those of the split, of which there are so many.
    case noSuchPicture(split: DatasetSplit, pictures: Int, picture: Int? = nil, file: String? = nil)

    /// Another data set has this name.
    case nameTaken(dataset: String)

    /// Jobs that have not ended use this data set.
    case inUse(dataset: String, jobs: [Int])

    /// io.sqzd.Datasets: What is wrong with the files.
    /// io.sqzd.Runner: A data set or one of its files can't be used.
    case badData(file: String, reason: String)

    /// Only paths below these directories are read by the daemon; upload the files instead.
    case pathNotAllowed(path: String, allowed: [String])

    /// There is nothing at this path.
    case noSuchPath(path: String)

    /// No upload of a file with this sha256 was begun.
    case noSuchUpload(sha256: String)

    /// The upload stands at offset.
    case wrongOffset(sha256: String, offset: Int)

    /// The uploaded bytes have another checksum than was offered; the upload was dropped.
    case wrongChecksum(sha256: String, found: String)

    /// io.sqzd.Datasets: More of what than is allowed: bytes in one upload, files in one data set, bytes of a user's on
    /// the disk. current: how much there is.
    /// io.sqzd.Jobs: What the user has on the disk (uploads, data sets, models, checkpoints, logs, predictions) takes
    /// up what it may: there is no room for a model.
    /// io.sqzd.Manager: Comes to any call, or to none, before the connection is closed: too many connections are open,
    /// or too many bytes are in messages that are not answered yet.
    case tooLarge(what: String, limit: Int, current: Int? = nil)

    /// io.sqzd.Datasets, io.sqzd.Models: An option or parameter by its name does not fit; reason says what would.
    /// io.sqzd.Jobs: An option, or one of the other parameters by its name, does not fit; reason says what would.
    /// io.sqzd.Manager: A parameter does not fit; reason says what would.
    /// io.sqzd.Runner: An option does not fit; reason says what would.
    case invalidOption(option: String, reason: String)

    /// io.sqzd.Datasets: As many imports as are allowed at the same time are under way; try again.
    /// io.sqzd.Inference: Too many calls wait for this model already. place is the one that this call would have had
    /// among them, 1 the next; seconds is when it would have been its turn, at the rate of those before: when to come
    /// again. They are missing where they are not known.
    /// io.sqzd.Manager: limit backups are being made already. Try again, in so many seconds if that is known.
    /// io.sqzd.Models: As many imports as are allowed at the same time are under way; try again, in so many seconds
    /// where it is known how long they take. place is missing: nobody waits in a queue here.
    case busy(limit: Int, place: Int? = nil, seconds: Int? = nil)

    /// io.sqzd.Datasets: The runner that reads data sets is missing or failed.
    /// io.sqzd.Inference: The model's runner ended or did not understand the model.
    /// io.sqzd.Models: The runner that reads models is missing or failed.
    case runnerFailed(reason: String)

    /// io.sqzd.Datasets, io.sqzd.Inference, io.sqzd.Models: The daemon is stopping.
    /// io.sqzd.Jobs: The daemon is stopping and takes no new jobs.
    case stopping

    /// io.sqzd.Datasets, io.sqzd.Inference, io.sqzd.Jobs, io.sqzd.Manager, io.sqzd.Models: The daemon itself is in
    /// trouble, a full disk for instance; reason says what it is.
    /// io.sqzd.Runner: The job could not be done.
    case failed(reason: String)

    /// No model was named, and the caller has made none. passedOver: those that there are, the newest first, if each
    /// has a warning; known: others that there are, by name. One of them must be named.
    case noModels(passedOver: [String]? = nil, known: [String]? = nil)

    /// There is no such model; known are those that there are: the versions of its name, else names. makers are the
    /// jobs that are to make one of this name. removed is the NAME@VERSION that there was, if there was one: who
    /// removed it, when, and its file's sha256.
    case noSuchModel(
        model: String, known: [String], makers: [Int]? = nil, removed: String? = nil, removedAt: Int? = nil,
        removedBy: Int? = nil, sha256: String? = nil
    )

    /// Picture number index (from 0) cannot be used.
    case badImage(index: Int, reason: String)

    /// Too many pictures in one call.
    case tooManyImages(limit: Int, images: Int)

    /// The pictures have waited for so many milliseconds, as long as the caller wanted, and were not looked at.
    case timedOut(timeout: Int)

    /// There is no job of this id.
    case noSuchJob(id: Int)

    /// The job has ended already.
    case jobEnded(id: Int, state: State)

    /// The job is in a state in which this can't be done.
    case wrongState(id: Int, state: State)

    /// The job has ended, but jobs need it: they wait for it, or for the model that it was to make, or are of the same
    /// sweep and have not ended. Without jobs, its model is about to be promoted as the best of the sweep.
    case jobInUse(id: Int, jobs: [Int], sweep: String? = nil)

    /// limit jobs are queued or paused already: by this user if uid is set, else in all.
    case queueFull(limit: Int, queued: Int, uid: Int? = nil)

    /// There is no such sweep; known are the newest of those that there are.
    case noSuchSweep(name: String, known: [String])

    /// No runner offers this kind; kinds are those that are offered.
    case noSuchKind(kind: String, kinds: [String])

    /// No data set was named and there is none yet.
    case noDatasets

    /// Jobs that have not ended use this model.
    case modelInUse(model: String, jobs: [Int])

    /// A model can't be used; reason says why.
    case badModel(reason: String)

    /// The loss was no longer finite.
    case diverged(epoch: Int, step: Int)

    /// The disk, or the quota, has no room for a file that the job needs to write; reason says which. The job goes on
    /// when there is some.
    case diskFull(reason: String)
}
