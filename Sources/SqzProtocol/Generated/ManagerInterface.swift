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

/// What users have on the disk. logs are what jobs' runners wrote.
public enum DiskKind: String, Codable, CaseIterable, Sendable {
    case datasets, models, predictions, logs, checkpoints, uploads
}

/// What a user has of a kind: how many things, and their bytes; and of these what Prune may remove.
public struct DiskPart: Codable, Equatable, Sendable {
    public var uid: Int
    public var what: DiskKind
    public var count: Int
    public var bytes: Int
    public var removable: Int
    public var removableBytes: Int

    public init(uid: Int, what: DiskKind, count: Int, bytes: Int, removable: Int, removableBytes: Int) {
        self.uid = uid
        self.what = what
        self.count = count
        self.bytes = bytes
        self.removable = removable
        self.removableBytes = removableBytes
    }
}

/// What Prune removes. jobs: those that have ended and that no other job needs, with all that they have. predictions:
/// those of jobs that have succeeded. checkpoints: those of jobs that have failed, which begin anew when they are
/// retried. uploads: those to which nothing was added for an hour.
public enum PruneKind: String, Codable, CaseIterable, Sendable {
    case jobs, predictions, checkpoints, uploads
}

/// Of so many jobs or uploads of a user, so many bytes went, or would go.
public struct PrunedPart: Codable, Equatable, Sendable {
    public var uid: Int
    public var what: PruneKind
    public var count: Int
    public var bytes: Int

    public init(uid: Int, what: PruneKind, count: Int, bytes: Int) {
        self.uid = uid
        self.what = what
        self.count = count
        self.bytes = bytes
    }
}

/// A file of a backup.
public struct BackupFile: Codable, Equatable, Sendable {
    public var name: String
    public var size: Int

    public init(name: String, size: Int) {
        self.name = name
        self.size = size
    }
}

/// The daemon itself.
public enum ManagerInterface: VarlinkInterface {
    public static let name = "io.sqzd.Manager"
    public static let errors: Set<String> = ["TooLarge", "InvalidOption", "Busy", "Failed"]
    public static let methods: [any VarlinkMethod.Type] = [
        Info.self, Metrics.self, Runners.self, Disk.self, Prune.self, Backup.self, Diagnose.self,
    ]

    public enum Method: String, CaseIterable, Sendable {
        case info = "io.sqzd.Manager.Info"
        case metrics = "io.sqzd.Manager.Metrics"
        case runners = "io.sqzd.Manager.Runners"
        case disk = "io.sqzd.Manager.Disk"
        case prune = "io.sqzd.Manager.Prune"
        case backup = "io.sqzd.Manager.Backup"
        case diagnose = "io.sqzd.Manager.Diagnose"
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

    /// What is on the disk. database: bytes of the records, with predictions; databaseUnused of these are left of what
    /// was removed, and used again. freeDisk is what users can still write to the file system; userLimit and limit are
    /// what each user and all together may have, reserve what must stay free.
    public enum Disk: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Disk"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var parts: [DiskPart]
            public var database: Int
            public var databaseUnused: Int
            public var freeDisk: Int
            public var userLimit: Int
            public var limit: Int
            public var reserve: Int

            public init(
                parts: [DiskPart], database: Int, databaseUnused: Int, freeDisk: Int, userLimit: Int, limit: Int,
                reserve: Int
            ) {
                self.parts = parts
                self.database = database
                self.databaseUnused = databaseUnused
                self.freeDisk = freeDisk
                self.userLimit = userLimit
                self.limit = limit
                self.reserve = reserve
            }
        }
    }

    /// Removes what of the user uid (the caller by default) is not needed: all of what, or with before only what is of
    /// jobs that ended, or of uploads that were added to, before that time. Of another user, or of everyone, an
    /// administrator may. dryRun: says what would go, and removes nothing. What is removed of the records goes piece by
    /// piece, after the reply.
    public enum Prune: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Prune"

        public struct Parameters: Codable, Equatable, Sendable {
            public var what: [PruneKind]
            public var before: Int?
            public var uid: Int?
            public var everyone: Bool?
            public var dryRun: Bool?

            public init(
                what: [PruneKind], before: Int? = nil, uid: Int? = nil, everyone: Bool? = nil, dryRun: Bool? = nil
            ) {
                self.what = what
                self.before = before
                self.uid = uid
                self.everyone = everyone
                self.dryRun = dryRun
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var pruned: [PrunedPart]

            public init(pruned: [PrunedPart]) {
                self.pruned = pruned
            }
        }
    }

    /// All that a daemon elsewhere needs to go on from this moment, file by file: the records, models and data sets,
    /// checkpoints and logs. The records are of one moment, and all of the others that they name is there. A reply with
    /// file begins one; data are its next bytes, in base64. Needs `more`; for administrators. The last reply is empty.
    /// One at a time, and the client may take 20 seconds for each reply.
    public enum Backup: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Backup"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var file: BackupFile?
            public var data: String?

            public init(file: BackupFile? = nil, data: String? = nil) {
                self.file = file
                self.data = data
            }
        }
    }

    /// How the daemon stands with its machine. openFiles of openFilesLimit (RLIMIT_NOFILE) are open, connectionsLimit
    /// connections may be. syncSeconds is how long a write of 4 KiB to the state directory takes until it is on the
    /// disk (fsync(2)): the median of nine, 0 where the disk is full. freeDisk and reserve are as Disk says; journal:
    /// whether it writes to the journal. missing are models and data sets, as "model m@1" and "data set d", at most
    /// 100, whose files are not where they belong.
    public enum Diagnose: VarlinkMethod {
        public static let name = "io.sqzd.Manager.Diagnose"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var openFiles: Int
            public var openFilesLimit: Int
            public var connectionsLimit: Int
            public var freeDisk: Int
            public var reserve: Int
            public var syncSeconds: Double
            public var journal: Bool
            public var missing: [String]

            public init(
                openFiles: Int, openFilesLimit: Int, connectionsLimit: Int, freeDisk: Int, reserve: Int,
                syncSeconds: Double, journal: Bool, missing: [String]
            ) {
                self.openFiles = openFiles
                self.openFilesLimit = openFilesLimit
                self.connectionsLimit = connectionsLimit
                self.freeDisk = freeDisk
                self.reserve = reserve
                self.syncSeconds = syncSeconds
                self.journal = journal
                self.missing = missing
            }
        }
    }
}
