public import Varlink

/// How many jobs are in which state.
public struct JobCounts: Codable, Equatable, Sendable {
    public var queued: Int
    public var running: Int
    public var paused: Int
    public var succeeded: Int
    public var failed: Int
    public var cancelled: Int

    public init(queued: Int, running: Int, paused: Int, succeeded: Int, failed: Int, cancelled: Int) {
        self.queued = queued
        self.running = running
        self.paused = paused
        self.succeeded = succeeded
        self.failed = failed
        self.cancelled = cancelled
    }
}

/// integer, number, text or flag (true or false).
public enum OptionType: String, Codable, CaseIterable, Sendable {
    case integer, number, text, flag
}

/// An option of a kind of job. default is written as on a command line; absent where it depends on other options or
/// data.
public struct JobOption: Codable, Equatable, Sendable {
    public var name: String
    public var type: OptionType
    public var help: String
    public var `default`: String?
    public var choices: [String]?
    public var minimum: Double?
    public var maximum: Double?

    public init(
        name: String, type: OptionType, help: String, `default`: String? = nil, choices: [String]? = nil,
        minimum: Double? = nil, maximum: Double? = nil
    ) {
        self.name = name
        self.type = type
        self.help = help
        self.default = `default`
        self.choices = choices
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// none: the job has nothing to do with models. used: it needs one. made: it makes one.
public enum ModelUse: String, Codable, CaseIterable, Sendable {
    case none, used, made
}

/// A kind of job that a runner offers.
public struct JobKind: Codable, Equatable, Sendable {
    public var name: String
    public var help: String
    public var dataset: Bool
    public var model: ModelUse
    public var options: [JobOption]

    public init(name: String, help: String, dataset: Bool, model: ModelUse, options: [JobOption]) {
        self.name = name
        self.help = help
        self.dataset = dataset
        self.model = model
        self.options = options
    }
}

/// A runner that was found at path. error says why it can't be used, if it can't.
public struct RunnerInfo: Codable, Equatable, Sendable {
    public var path: String
    public var name: String
    public var version: String
    public var properties: [String: String]
    public var kinds: [JobKind]
    public var error: String?

    public init(
        path: String, name: String, version: String, properties: [String: String], kinds: [JobKind],
        error: String? = nil
    ) {
        self.path = path
        self.name = name
        self.version = version
        self.properties = properties
        self.kinds = kinds
        self.error = error
    }
}

/// counter: only grows while the daemon runs. gauge: goes up and down.
public enum MetricKind: String, Codable, CaseIterable, Sendable {
    case counter, gauge
}

/// A figure, with labels that tell it from others of its name, as Prometheus has them.
public struct Metric: Codable, Equatable, Sendable {
    public var name: String
    public var kind: MetricKind
    public var help: String
    public var labels: [String: String]
    public var value: Double

    public init(name: String, kind: MetricKind, help: String, labels: [String: String] = [:], value: Double) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.value = value
    }
}

/// The daemon itself.
public enum ManagerInterface {
    public static let name = "io.sqzd.Manager"

    /// kernels: the instruction set that the built-in runner's kernels use. dataDirectories: where Import may read.
    public enum Info: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Info"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var version: String
            public var pid: Int
            public var uid: Int
            public var startedAt: Int
            public var stateDirectory: String
            public var dataDirectories: [String]
            public var processors: Int
            public var kernels: String?
            public var jobs: JobCounts

            public init(
                version: String, pid: Int, uid: Int, startedAt: Int, stateDirectory: String, dataDirectories: [String],
                processors: Int, kernels: String? = nil, jobs: JobCounts
            ) {
                self.version = version
                self.pid = pid
                self.uid = uid
                self.startedAt = startedAt
                self.stateDirectory = stateDirectory
                self.dataDirectories = dataDirectories
                self.processors = processors
                self.kernels = kernels
                self.jobs = jobs
            }
        }
    }

    /// Figures for a monitoring system.
    public enum Metrics: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Metrics"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var metrics: [Metric]

            public init(metrics: [Metric]) {
                self.metrics = metrics
            }
        }
    }

    public enum Runners: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Runners"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var runners: [RunnerInfo]

            public init(runners: [RunnerInfo]) {
                self.runners = runners
            }
        }
    }
}
