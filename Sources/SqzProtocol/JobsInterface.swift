public import Varlink

/// The queue of training and inference jobs: submit, look, follow, cancel. Times are microseconds since 1970-01-01
/// 00:00:00 UTC. A number that is not finite is null.
public enum JobsInterface {
    public static let name = "io.sqzd.Jobs"

    /// Puts a job into the queue; it is on disk when the reply comes. kind is one that io.sqzd.Manager.Runners names,
    /// options are its options by name. A higher priority (-100 to 100, 0 by default; above 0 for administrators only)
    /// goes first. after: the job waits until those jobs have ended. hold: it is paused, until it is resumed. timeLimit: it
    /// fails when it has run for so many seconds, deadline: at this time; one that runs then ends at its next step, with a
    /// checkpoint.
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

            public init(
                kind: String, options: [String: JSONValue]? = nil, dataset: String? = nil, model: String? = nil,
                priority: Int? = nil, after: [Dependency]? = nil, hold: Bool? = nil, timeLimit: Int? = nil,
                deadline: Int? = nil
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
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var id: Int

            public init(id: Int) {
                self.id = id
            }
        }
    }

    /// Jobs, newest first, 100 by default and 1,000 at most; before: only jobs with a smaller id, to page on.
    public enum List: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.List"

        public struct Parameters: Codable, Equatable, Sendable {
            public var states: [State]?
            public var before: Int?
            public var limit: Int?

            public init(states: [State]? = nil, before: Int? = nil, limit: Int? = nil) {
                self.states = states
                self.before = before
                self.limit = limit
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var jobs: [Job]

            public init(jobs: [Job]) {
                self.jobs = jobs
            }
        }
    }

    public enum Show: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Show"

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

    /// The jobs that run and the first 100 that wait, at once and then whenever something has changed, four times a second at
    /// most. Needs `more`; never ends. At least every 30 seconds there is a reply.
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

    /// Takes a job out of the queue until it is resumed. A running job ends at its next step, with a checkpoint; the reply does
    /// not wait for that.
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

    /// Puts a paused or held job back into the queue.
    public enum Resume: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Resume"

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

    /// Puts a job that failed or was cancelled back into the queue, with all of its time limit. One that failed goes on from
    /// its last checkpoint.
    public enum Retry: VarlinkMethod {
        public static let name = "io.sqzd.Jobs.Retry"

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

    /// Changes the priority of a job that has not ended, within what its submitter could have asked for. It counts at once: a
    /// running job may have to make room for one that waits.
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
    /// most). With `more`, all of them from `first` on, in several replies.
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
