public import Varlink

/// queued: waits for its turn; a job that was interrupted is queued again and goes on from its checkpoint. paused:
/// waits to be resumed. succeeded, failed and cancelled are ends.
public enum State: String, Codable, CaseIterable, Sendable {
    case queued, running, paused, succeeded, failed, cancelled

    /// An end: nothing comes after it.
    public var isEnd: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// How far a running job is. epoch counts from 1, step counts the steps done in this epoch. loss and accuracy are means
/// over the epoch so far, the validation values those of the last whole epoch.
public struct Progress: Codable, Equatable, Sendable {
    public var epoch: Int
    public var epochs: Int
    public var step: Int
    public var steps: Int
    public var loss: Double?
    public var accuracy: Double?
    public var validationLoss: Double?
    public var validationAccuracy: Double?
    public var imagesPerSecond: Double?
    public var secondsLeft: Double?

    public init(
        epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double? = nil, accuracy: Double? = nil,
        validationLoss: Double? = nil, validationAccuracy: Double? = nil, imagesPerSecond: Double? = nil,
        secondsLeft: Double? = nil
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.step = step
        self.steps = steps
        self.loss = loss
        self.accuracy = accuracy
        self.validationLoss = validationLoss
        self.validationAccuracy = validationAccuracy
        self.imagesPerSecond = imagesPerSecond
        self.secondsLeft = secondsLeft
    }
}

/// What the end of another job must be for a job to run after it. A job whose condition can't be met any more is cancelled.
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

/// What a job came to. model is NAME@VERSION of the model that a training job made.
public struct Outcome: Codable, Equatable, Sendable {
    public var model: String?
    public var images: Int?
    public var loss: Double?
    public var accuracy: Double?
    public var predictions: Int?

    public init(
        model: String? = nil, images: Int? = nil, loss: Double? = nil, accuracy: Double? = nil, predictions: Int? = nil
    ) {
        self.model = model
        self.images = images
        self.loss = loss
        self.accuracy = accuracy
        self.predictions = predictions
    }
}

/// dataset is a data set's name. model is the model that the job uses (NAME@VERSION), or the name under which a
/// training job registers what it makes. timeLimit is how many seconds it may run, over all its runs, deadline until when
/// it must have ended. starts counts how often a runner was started for it. position is its place in the order in which
/// waiting jobs are going to run, from 1. expectedStart and expectedEnd are guesses, from how far what runs says that it
/// is and how long such jobs took before; they are absent where one of these is not known. reason says why it waits or why
/// it failed.
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

    public init(
        id: Int, kind: String, runner: String, state: State, uid: Int, priority: Int, options: [String: JSONValue],
        dataset: String? = nil, model: String? = nil, after: [Dependency], timeLimit: Int? = nil, deadline: Int? = nil,
        submittedAt: Int, startedAt: Int? = nil, endedAt: Int? = nil, starts: Int, position: Int? = nil,
        expectedStart: Int? = nil, expectedEnd: Int? = nil, reason: String? = nil, progress: Progress? = nil,
        outcome: Outcome? = nil
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
    }
}

/// state: a transition. epoch: an epoch ended, progress holds its figures. progress: how far the job is now; such
/// events are sent to those who watch and not kept, and have no sequence. sequence counts a job's kept events from 1.
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

public struct ClassProbability: Codable, Equatable, Sendable {
    public var index: Int
    public var name: String
    public var probability: Double

    public init(index: Int, name: String, probability: Double) {
        self.index = index
        self.name = name
        self.probability = probability
    }
}

/// One picture's prediction. picture counts from 0 in the order of the data set; label is the true class where it is
/// known; classes are the likeliest ones, likeliest first.
public struct Prediction: Codable, Equatable, Sendable {
    public var picture: Int
    public var label: Int?
    public var classes: [ClassProbability]

    public init(picture: Int, label: Int? = nil, classes: [ClassProbability]) {
        self.picture = picture
        self.label = label
        self.classes = classes
    }
}
