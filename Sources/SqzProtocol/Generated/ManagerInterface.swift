// Made of protocol/*.varlink by `make generate`: change those.

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

    public init(name: String, kind: MetricKind, help: String, labels: [String: String], value: Double) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.value = value
    }
}

/// How values are spread: counts[i] of them were bounds[i] or less, and more than the bounds before; the bounds ascend.
/// count is how many there were in all, with those above the last bound, and sum what they add up to.
public struct Histogram: Codable, Equatable, Sendable {
    public var name: String
    public var help: String
    public var labels: [String: String]
    public var bounds: [Double]
    public var counts: [Int]
    public var count: Int
    public var sum: Double

    public init(
        name: String, help: String, labels: [String: String], bounds: [Double], counts: [Int], count: Int, sum: Double
    ) {
        self.name = name
        self.help = help
        self.labels = labels
        self.bounds = bounds
        self.counts = counts
        self.count = count
        self.sum = sum
    }
}

/// The daemon itself.
public enum ManagerInterface: VarlinkInterface {
    public static let name = "io.sqzd.Manager"
    public static let errors: Set<String> = ["TooLarge", "Failed"]
    public static let methods: [any VarlinkMethod.Type] = [Info.self, Metrics.self, Runners.self]

    public enum Method: String, CaseIterable, Sendable {
        case info = "io.sqzd.Manager.Info"
        case metrics = "io.sqzd.Manager.Metrics"
        case runners = "io.sqzd.Manager.Runners"
    }

    /// kernels: the instruction set that the built-in runner's kernels use. dataDirectories: where Import may read.
    /// processors are those of the machine, usableProcessors those that jobs may use, with a thread each; usableReason
    /// says what allows no more.
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
            public var usableProcessors: Int?
            public var usableReason: String?

            public init(
                version: String, pid: Int, uid: Int, startedAt: Int, stateDirectory: String, dataDirectories: [String],
                processors: Int, kernels: String? = nil, jobs: JobCounts, usableProcessors: Int? = nil,
                usableReason: String? = nil
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
                self.usableProcessors = usableProcessors
                self.usableReason = usableReason
            }
        }
    }

    /// Figures for a monitoring system. Those of a name follow one another.
    public enum Metrics: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Metrics"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var metrics: [Metric]
            public var histograms: [Histogram]?

            public init(metrics: [Metric], histograms: [Histogram]? = nil) {
                self.metrics = metrics
                self.histograms = histograms
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
