// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// queued: waits for its turn; a job that was interrupted is queued again and goes on from its checkpoint. So is one
/// whose runner crashed, up to three times in a row without getting further; it waits ten seconds before the first
/// retry, and each time after four times as long. paused: waits to be resumed. succeeded, failed and cancelled are
/// ends.
public enum State: String, Codable, CaseIterable, Sendable {
    case queued, running, paused, succeeded, failed, cancelled
}

/// What the end of another job must be for a job to run after it. A job whose condition can't be met any more is
/// cancelled.
public enum DependencyCondition: String, Codable, CaseIterable, Sendable {
    case success, failure, any
}

public struct Dependency: Codable, Equatable, Sendable {
    public var job: Int
    public var condition: DependencyCondition

    public init(job: Int, condition: DependencyCondition) {
        self.job = job
        self.condition = condition
    }
}

/// What a job came to. model is NAME@VERSION of the model that a training job made; one that was cancelled, or whose
/// time was over, has one where it was submitted with keepPartial. measured says which of the data set's pictures loss
/// and accuracy are of, where the job chose them. warning says what is amiss though it succeeded, as that a model is no
/// better than chance. epoch is the one whose weights the model has, of which loss and accuracy are; lastEpoch the one
/// in which the training ended, of so many epochs that it was to have, and early why where that was before the last
/// one's end. byClass is what accuracy is made of, in the classes' order, measurement what else was found; lists of
/// jobs leave both out. flipped are the figures by the mean of each picture's and its mirror image's logits, where that
/// was asked for. before are the figures, on the same pictures, of the model of which a job of fewer bits or a
/// calibration made another, temperature what the latter divided its logits by.
public struct Outcome: Codable, Equatable, Sendable {
    public var model: String?
    public var images: Int?
    public var loss: Double?
    public var accuracy: Double?
    public var predictions: Int?
    public var measured: String?
    public var warning: String?
    public var epoch: Int?
    public var lastEpoch: Int?
    public var epochs: Int?
    public var early: EarlyEnd?
    public var byClass: [ClassFigures]?
    public var flipped: Figures?
    public var measurement: Measurement?
    public var before: Figures?
    public var temperature: Double?

    public init(
        model: String? = nil, images: Int? = nil, loss: Double? = nil, accuracy: Double? = nil, predictions: Int? = nil,
        measured: String? = nil, warning: String? = nil, epoch: Int? = nil, lastEpoch: Int? = nil, epochs: Int? = nil,
        early: EarlyEnd? = nil, byClass: [ClassFigures]? = nil, flipped: Figures? = nil,
        measurement: Measurement? = nil, before: Figures? = nil, temperature: Double? = nil
    ) {
        self.model = model
        self.images = images
        self.loss = loss
        self.accuracy = accuracy
        self.predictions = predictions
        self.measured = measured
        self.warning = warning
        self.epoch = epoch
        self.lastEpoch = lastEpoch
        self.epochs = epochs
        self.early = early
        self.byClass = byClass
        self.flipped = flipped
        self.measurement = measurement
        self.before = before
        self.temperature = temperature
    }
}

/// dataset is a data set's name. model is the model that the job uses (NAME@VERSION, but NAME while the job that makes
/// it has not ended), or the name under which a training job registers what it makes. base is the model that it tunes
/// (NAME@VERSION). timeLimit is how many seconds it may run, over all its runs, deadline until when it must have ended.
/// starts counts how often a runner was started for it. position is its place in the order in which waiting jobs are
/// going to run, from 1. expectedStart and expectedEnd are guesses, from how far what runs says that it is and how long
/// such jobs took before; they are absent where one of these is not known. reason says why it waits, in the queue or,
/// while it runs, for what a launcher asked for, or why it failed. keepPartial: as it was submitted. finishing: it ends
/// as soon as it has made a model of what it has. name and note are its submitter's words for it; the jobs of a sweep
/// have its name, and sweep says it. predictionsRemovedAt is when the predictions were removed that it had. ranks is
/// how many processes the job is, which the launcher starts; both are absent where it is one that sqzd starts itself.
public struct Job: Codable, Equatable, Sendable {
    public var id: Int
    public var kind: String
    public var runner: String
    public var state: State
    public var uid: Int
    public var priority: Int
    public var options: [String: JSONValue]
    public var dataset: String?
    public var model: String?
    public var after: [Dependency]
    public var timeLimit: Int?
    public var deadline: Int?
    public var submittedAt: Int
    public var startedAt: Int?
    public var endedAt: Int?
    public var starts: Int
    public var position: Int?
    public var expectedStart: Int?
    public var expectedEnd: Int?
    public var reason: String?
    public var progress: Progress?
    public var outcome: Outcome?
    public var base: String?
    public var keepPartial: Bool?
    public var finishing: Bool?
    public var name: String?
    public var note: String?
    public var sweep: String?
    public var predictionsRemovedAt: Int?
    public var ranks: Int?
    public var launcher: String?

    public init(
        id: Int, kind: String, runner: String, state: State, uid: Int, priority: Int, options: [String: JSONValue],
        dataset: String? = nil, model: String? = nil, after: [Dependency], timeLimit: Int? = nil, deadline: Int? = nil,
        submittedAt: Int, startedAt: Int? = nil, endedAt: Int? = nil, starts: Int, position: Int? = nil,
        expectedStart: Int? = nil, expectedEnd: Int? = nil, reason: String? = nil, progress: Progress? = nil,
        outcome: Outcome? = nil, base: String? = nil, keepPartial: Bool? = nil, finishing: Bool? = nil,
        name: String? = nil, note: String? = nil, sweep: String? = nil, predictionsRemovedAt: Int? = nil,
        ranks: Int? = nil, launcher: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.runner = runner
        self.state = state
        self.uid = uid
        self.priority = priority
        self.options = options
        self.dataset = dataset
        self.model = model
        self.after = after
        self.timeLimit = timeLimit
        self.deadline = deadline
        self.submittedAt = submittedAt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.starts = starts
        self.position = position
        self.expectedStart = expectedStart
        self.expectedEnd = expectedEnd
        self.reason = reason
        self.progress = progress
        self.outcome = outcome
        self.base = base
        self.keepPartial = keepPartial
        self.finishing = finishing
        self.name = name
        self.note = note
        self.sweep = sweep
        self.predictionsRemovedAt = predictionsRemovedAt
        self.ranks = ranks
        self.launcher = launcher
    }
}

/// state: a transition. epoch: an epoch ended, progress holds its figures. progress: how far the job is now; such
/// events are sent to those who watch and not kept, and have no sequence; one with a reason in place of progress says
/// for what the job waits. sequence counts a job's kept events from 1.
public enum EventKind: String, Codable, CaseIterable, Sendable {
    case state, epoch, progress
}

public struct Event: Codable, Equatable, Sendable {
    public var sequence: Int?
    public var time: Int
    public var kind: EventKind
    public var state: State?
    public var reason: String?
    public var progress: Progress?
    public var outcome: Outcome?

    public init(
        sequence: Int? = nil, time: Int, kind: EventKind, state: State? = nil, reason: String? = nil,
        progress: Progress? = nil, outcome: Outcome? = nil
    ) {
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.state = state
        self.reason = reason
        self.progress = progress
        self.outcome = outcome
    }
}

/// Jobs that were submitted together under one name, which no other sweep has. repeated is the option that only repeats
/// them, as the seed. best is the model that was promoted by itself, or is going to be: NAME@VERSION, and the job that
/// made it. problem says why none is.
public struct Sweep: Codable, Equatable, Sendable {
    public var name: String
    public var kind: String
    public var uid: Int
    public var submittedAt: Int
    public var repeated: String?
    public var promoteBest: Bool
    public var best: String?
    public var bestJob: Int?
    public var promoted: Bool
    public var problem: String?

    public init(
        name: String, kind: String, uid: Int, submittedAt: Int, repeated: String? = nil, promoteBest: Bool,
        best: String? = nil, bestJob: Int? = nil, promoted: Bool, problem: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.uid = uid
        self.submittedAt = submittedAt
        self.repeated = repeated
        self.promoteBest = promoteBest
        self.best = best
        self.bestJob = bestJob
        self.promoted = promoted
        self.problem = problem
    }
}

/// A job of a sweep. options are its own, which were laid over those that all share. loss and accuracy are what it came
/// to; before that, those of the validation in its best epoch so far.
public struct SweepMember: Codable, Equatable, Sendable {
    public var job: Job
    public var options: [String: JSONValue]
    public var epoch: Int?
    public var loss: Double?
    public var accuracy: Double?

    public init(
        job: Job, options: [String: JSONValue], epoch: Int? = nil, loss: Double? = nil, accuracy: Double? = nil
    ) {
        self.job = job
        self.options = options
        self.epoch = epoch
        self.loss = loss
        self.accuracy = accuracy
    }
}

/// The jobs of a sweep that differ in nothing but the option that repeats them, and how many of them have figures. The
/// spreads are standard deviations of a sample; one has none.
public struct SweepGroup: Codable, Equatable, Sendable {
    public var options: [String: JSONValue]
    public var jobs: [Int]
    public var measured: Int
    public var loss: Double?
    public var lossSpread: Double?
    public var accuracy: Double?
    public var accuracySpread: Double?

    public init(
        options: [String: JSONValue], jobs: [Int], measured: Int, loss: Double? = nil, lossSpread: Double? = nil,
        accuracy: Double? = nil, accuracySpread: Double? = nil
    ) {
        self.options = options
        self.jobs = jobs
        self.measured = measured
        self.loss = loss
        self.lossSpread = lossSpread
        self.accuracy = accuracy
        self.accuracySpread = accuracySpread
    }
}

/// What can be done with all jobs of a sweep at once.
public enum SweepAction: String, Codable, CaseIterable, Sendable {
    case cancel, pause, resume, retry, prioritize
}

/// The queue of training and inference jobs: submit, look, follow, cancel. Times are microseconds since 1970-01-01
/// 00:00:00 UTC. A number that is not finite is null.
public enum JobsInterface: VarlinkInterface {
    public static let name = "io.sqzd.Jobs"
    public static let errors: Set<String> = [
        "NoSuchJob", "JobEnded", "WrongState", "JobInUse", "QueueFull", "NoSuchSweep", "NoSuchKind", "InvalidOption",
        "NoSuchDataset", "NoSuchModel", "NoDatasets", "NoModels", "TooLarge", "Stopping", "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [
        Submit.self, SubmitSweep.self, ShowSweep.self, ChangeSweep.self, List.self, Show.self, Watch.self, Monitor.self,
        Cancel.self, Finish.self, Pause.self, Resume.self, Retry.self, Prioritize.self, Limit.self, Remove.self,
        Logs.self, Predictions.self,
    ]

    public enum Method: String, CaseIterable, Sendable {
        case submit = "io.sqzd.Jobs.Submit"
        case submitSweep = "io.sqzd.Jobs.SubmitSweep"
        case showSweep = "io.sqzd.Jobs.ShowSweep"
        case changeSweep = "io.sqzd.Jobs.ChangeSweep"
        case list = "io.sqzd.Jobs.List"
        case show = "io.sqzd.Jobs.Show"
        case watch = "io.sqzd.Jobs.Watch"
        case monitor = "io.sqzd.Jobs.Monitor"
        case cancel = "io.sqzd.Jobs.Cancel"
        case finish = "io.sqzd.Jobs.Finish"
        case pause = "io.sqzd.Jobs.Pause"
        case resume = "io.sqzd.Jobs.Resume"
        case retry = "io.sqzd.Jobs.Retry"
        case prioritize = "io.sqzd.Jobs.Prioritize"
        case limit = "io.sqzd.Jobs.Limit"
        case remove = "io.sqzd.Jobs.Remove"
        case logs = "io.sqzd.Jobs.Logs"
        case predictions = "io.sqzd.Jobs.Predictions"
    }

    /// Puts a job into the queue; it is on disk when the reply comes. kind is one that io.sqzd.Manager.Runners names,
    /// options are its options by name. A higher priority (-100 to 100, 0 by default; above 0 for administrators only)
    /// goes first, and makes a running job of a lower one write a checkpoint and go back to the queue. Among equals,
    /// the user goes first whose jobs ran least in the last day; of each user's jobs, only so many run at the same time
    /// as the administrator allows. after: the job waits until those jobs have ended as it says. hold: it is paused
    /// until it is resumed, and waits for the others then if they have not ended. timeLimit (seconds): it fails when it
    /// has run for so long, in all of its runs. deadline: it fails at this time, if it has not ended. Running, it then
    /// ends at its next step, with a checkpoint. model: where a job in after, on condition of its success, makes models
    /// of this NAME, it is the one that that job makes (of several such jobs, the last submitted); else NAME is the
    /// version that is promoted now. Where NAME has no version yet, it is what the last submitted job makes that is to
    /// make one, and the new job waits for its success. Without a model it is the caller's own newest one without a
    /// warning, else the default model of the configuration. A NAME that is another user's is not made. base: the model
    /// that is tuned, by NAME (its version is settled now) or NAME@VERSION; for kinds that tune. keepPartial: when the
    /// job is cancelled, or its deadline or time limit is over, it first makes a model of what it has, which is
    /// registered as it ends, with a warning; for kinds that can be finished. Cancelled again, it ends at its next step
    /// without. The reply says which model the job uses: NAME@VERSION, or the NAME that the job maker is to make; for
    /// kinds that use one. makers are jobs that have not ended and are to make other versions of it. name and note:
    /// words of the caller's for the job; a name is made as those of models are and has a letter in it, and several
    /// jobs may have it. ranks: as how many processes the job runs, side by side and perhaps on several machines, of
    /// those numbers that its kind says; what it comes to is the same. launcher: by which of the configuration's
    /// launchers they are started, mpirun by default; who may use one, and for how many ranks, is set there. With
    /// neither sqzd starts the one process itself.
    public enum Submit: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Submit"

        public struct Parameters: Codable, Equatable, Sendable {
            public var kind: String
            public var options: [String: JSONValue]?
            public var dataset: String?
            public var model: String?
            public var priority: Int?
            public var after: [Dependency]?
            public var hold: Bool?
            public var timeLimit: Int?
            public var deadline: Int?
            public var base: String?
            public var keepPartial: Bool?
            public var name: String?
            public var note: String?
            public var ranks: Int?
            public var launcher: String?

            public init(
                kind: String, options: [String: JSONValue]? = nil, dataset: String? = nil, model: String? = nil,
                priority: Int? = nil, after: [Dependency]? = nil, hold: Bool? = nil, timeLimit: Int? = nil,
                deadline: Int? = nil, base: String? = nil, keepPartial: Bool? = nil, name: String? = nil,
                note: String? = nil, ranks: Int? = nil, launcher: String? = nil
            ) {
                self.kind = kind
                self.options = options
                self.dataset = dataset
                self.model = model
                self.priority = priority
                self.after = after
                self.hold = hold
                self.timeLimit = timeLimit
                self.deadline = deadline
                self.base = base
                self.keepPartial = keepPartial
                self.name = name
                self.note = note
                self.ranks = ranks
                self.launcher = launcher
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var id: Int
            public var model: String?
            public var maker: Int?
            public var makers: [Int]?

            public init(id: Int, model: String? = nil, maker: Int? = nil, makers: [Int]? = nil) {
                self.id = id
                self.model = model
                self.maker = maker
                self.makers = makers
            }
        }
    }

    /// Puts a job into the queue for each of members (256 at most): what Submit is given, and options laid over those
    /// that they share. All of them or none: each is checked before, and an error says of which member it is. name: of
    /// the sweep, sweep-ID by default, with the id of its first job. repeated: the option that only repeats a job, as
    /// the seed. promoteBest: when the last of the jobs has ended, the model of the highest accuracy, of those without
    /// a warning, is promoted, as Promote does.
    public enum SubmitSweep: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.SubmitSweep"

        public struct Parameters: Codable, Equatable, Sendable {
            public var kind: String
            public var members: [[String: JSONValue]]
            public var options: [String: JSONValue]?
            public var name: String?
            public var note: String?
            public var repeated: String?
            public var promoteBest: Bool?
            public var dataset: String?
            public var model: String?
            public var priority: Int?
            public var after: [Dependency]?
            public var hold: Bool?
            public var timeLimit: Int?
            public var deadline: Int?
            public var base: String?
            public var ranks: Int?
            public var launcher: String?

            public init(
                kind: String, members: [[String: JSONValue]], options: [String: JSONValue]? = nil, name: String? = nil,
                note: String? = nil, repeated: String? = nil, promoteBest: Bool? = nil, dataset: String? = nil,
                model: String? = nil, priority: Int? = nil, after: [Dependency]? = nil, hold: Bool? = nil,
                timeLimit: Int? = nil, deadline: Int? = nil, base: String? = nil, ranks: Int? = nil,
                launcher: String? = nil
            ) {
                self.kind = kind
                self.members = members
                self.options = options
                self.name = name
                self.note = note
                self.repeated = repeated
                self.promoteBest = promoteBest
                self.dataset = dataset
                self.model = model
                self.priority = priority
                self.after = after
                self.hold = hold
                self.timeLimit = timeLimit
                self.deadline = deadline
                self.base = base
                self.ranks = ranks
                self.launcher = launcher
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var name: String
            public var ids: [Int]

            public init(name: String, ids: [Int]) {
                self.name = name
                self.ids = ids
            }
        }
    }

    /// A sweep, its jobs in the order in which they were submitted, and what those came to together that differ in
    /// nothing but what repeats them.
    public enum ShowSweep: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.ShowSweep"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String

            public init(name: String) {
                self.name = name
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var sweep: Sweep
            public var members: [SweepMember]
            public var groups: [SweepGroup]

            public init(sweep: Sweep, members: [SweepMember], groups: [SweepGroup]) {
                self.sweep = sweep
                self.members = members
                self.groups = groups
            }
        }
    }

    /// Does to all jobs of a sweep what the method of this name does to one; those that are in no state for it are
    /// passed over; if all are, that is an InvalidOption. Gives those that it was done to, as they are then. priority:
    /// for prioritize.
    public enum ChangeSweep: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.ChangeSweep"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var action: SweepAction
            public var priority: Int?

            public init(name: String, action: SweepAction, priority: Int? = nil) {
                self.name = name
                self.action = action
                self.priority = priority
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var jobs: [Job]

            public init(jobs: [Job]) {
                self.jobs = jobs
            }
        }
    }

    /// Jobs, newest first, 100 by default and 1,000 at most; before: only jobs with a smaller id, to page on. The
    /// others say which are meant: of a user, of a kind, with a data set, with a model (NAME or NAME@VERSION) that they
    /// use, make or tune; with a text in name or note, in small letters or capitals; submitted from submittedAfter on,
    /// and before submittedBefore. total is how many jobs are meant in all, on whatever page.
    public enum List: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.List"

        public struct Parameters: Codable, Equatable, Sendable {
            public var states: [State]?
            public var before: Int?
            public var limit: Int?
            public var uid: Int?
            public var kind: String?
            public var dataset: String?
            public var model: String?
            public var name: String?
            public var submittedAfter: Int?
            public var submittedBefore: Int?

            public init(
                states: [State]? = nil, before: Int? = nil, limit: Int? = nil, uid: Int? = nil, kind: String? = nil,
                dataset: String? = nil, model: String? = nil, name: String? = nil, submittedAfter: Int? = nil,
                submittedBefore: Int? = nil
            ) {
                self.states = states
                self.before = before
                self.limit = limit
                self.uid = uid
                self.kind = kind
                self.dataset = dataset
                self.model = model
                self.name = name
                self.submittedAfter = submittedAfter
                self.submittedBefore = submittedBefore
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var jobs: [Job]
            public var total: Int?

            public init(jobs: [Job], total: Int? = nil) {
                self.jobs = jobs
                self.total = total
            }
        }
    }

    /// history: also the job's epochs since it began, oldest first, the last 1,000 of them.
    public enum Show: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Show"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var history: Bool?

            public init(id: Int, history: Bool? = nil) {
                self.id = id
                self.history = history
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job
            public var history: [Event]?

            public init(job: Job, history: [Event]? = nil) {
                self.job = job
                self.history = history
            }
        }
    }

    /// What has happened to a job and then what happens, until it ends. after: only events with a higher sequence.
    /// Needs `more`. At least every 30 seconds there is a reply, without an event if nothing happened.
    public enum Watch: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Watch"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var after: Int?

            public init(id: Int, after: Int? = nil) {
                self.id = id
                self.after = after
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var event: Event?

            public init(event: Event? = nil) {
                self.event = event
            }
        }
    }

    /// The jobs that run and the first 100 that wait, at once and then whenever something has changed, four times a
    /// second at most. Needs `more`; never ends. At least every 30 seconds there is a reply.
    public enum Monitor: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Monitor"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var running: [Job]
            public var waiting: [Job]

            public init(running: [Job], waiting: [Job]) {
                self.running = running
                self.waiting = waiting
            }
        }
    }

    /// Cancels a job that has not ended. A running job ends at its next step; the reply does not wait for that.
    public enum Cancel: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Cancel"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int

            public init(id: Int) {
                self.id = id
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Ends a training after the step in hand, and registers a model of what it has. The job succeeds then, and its
    /// outcome says that it was finished early; the reply does not wait for that. One that waits or has failed gets its
    /// turn in the queue again, if it has a checkpoint, and no deadline or time limit counts any more. Jobs of other
    /// kinds than those that can be finished are refused.
    public enum Finish: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Finish"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int

            public init(id: Int) {
                self.id = id
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Takes a job out of the queue until it is resumed. A running job ends at its next step, with a checkpoint; the
    /// reply does not wait for that.
    public enum Pause: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Pause"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int

            public init(id: Int) {
                self.id = id
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Puts a job that is paused, or was held when it was submitted, back into the queue. ranks and launcher: it goes
    /// on with these, as Submit describes them; 1 without a launcher: as the one process that sqzd starts itself.
    public enum Resume: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Resume"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var ranks: Int?
            public var launcher: String?

            public init(id: Int, ranks: Int? = nil, launcher: String? = nil) {
                self.id = id
                self.ranks = ranks
                self.launcher = launcher
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Puts a job that failed or was cancelled back into the queue, with all of its time limit. One that failed goes on
    /// from its last checkpoint. ranks and launcher are as for Resume.
    public enum Retry: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Retry"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var ranks: Int?
            public var launcher: String?

            public init(id: Int, ranks: Int? = nil, launcher: String? = nil) {
                self.id = id
                self.ranks = ranks
                self.launcher = launcher
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Changes the priority of a job that has not ended, within what its submitter could have asked for. It counts at
    /// once: a running job may have to make room for one that waits.
    public enum Prioritize: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Prioritize"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var priority: Int

            public init(id: Int, priority: Int) {
                self.id = id
                self.priority = priority
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Changes the deadline or the time limit of a job that has not succeeded: of one that failed or was cancelled, for
    /// when it is retried. 0 takes it away; what is absent stays. It counts at once, for a running job too.
    public enum Limit: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Limit"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var deadline: Int?
            public var timeLimit: Int?

            public init(id: Int, deadline: Int? = nil, timeLimit: Int? = nil) {
                self.id = id
                self.deadline = deadline
                self.timeLimit = timeLimit
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var job: Job

            public init(job: Job) {
                self.job = job
            }
        }
    }

    /// Removes a job that has ended: its record, events, log, checkpoints and predictions. Its id is never used again;
    /// a model that it made stays. Jobs that were to run after it and have ended keep saying so, but can't be retried
    /// any more. The last job of a sweep that is removed takes the sweep with it. A job that others need (JobInUse)
    /// stays.
    public enum Remove: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Remove"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int

            public init(id: Int) {
                self.id = id
            }
        }

        public typealias Reply = NoParameters
    }

    /// What the job's runner wrote, oldest line first; the last MiB of it is kept.
    public enum Logs: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Logs"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int

            public init(id: Int) {
                self.id = id
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var lines: [String]

            public init(lines: [String]) {
                self.lines = lines
            }
        }
    }

    /// A job's predictions from picture number `first` on (0 by default), `limit` at most (1,000 by default and at
    /// most). With `more`, all of them from `first` on, in several replies. One that has made none is an InvalidOption,
    /// whose reason says why.
    public enum Predictions: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Predictions"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var first: Int?
            public var limit: Int?

            public init(id: Int, first: Int? = nil, limit: Int? = nil) {
                self.id = id
                self.first = first
                self.limit = limit
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var predictions: [Prediction]

            public init(predictions: [Prediction]) {
                self.predictions = predictions
            }
        }
    }
}
