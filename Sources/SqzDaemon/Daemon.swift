internal import Glibc
internal import JobStore
public import Logging
internal import ServiceLifecycle
internal import SqzProtocol
internal import Systemd
internal import UnixSignals

/// The daemon: its parts, put together.
public struct Daemon: Sendable {
    /// Where things are; nil: where systemd or the user's session says (DESIGN: the command line of sqzd).
    public struct Places: Sendable {
        public var socket: String?
        public var state: String?
        public var configuration: String?

        public init(socket: String? = nil, state: String? = nil, configuration: String? = nil) {
            self.socket = socket
            self.state = state
            self.configuration = configuration
        }
    }

    private let places: Places
    private let log: Logger

    public init(_ places: Places, log: Logger) {
        self.places = places
        self.log = log
    }

    /// Serves until SIGTERM or SIGINT. Throws what kept it from starting.
    public func run() async throws {
        // From here on, rather than when somebody listens: the signal would end the daemon before.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let configuration = LiveConfiguration(try await DaemonConfiguration.load(file: places.configuration))
        try Descriptors.check(configuration.current)
        let directory = try StateDirectory(path: try stateDirectory())
        try directory.checkRecords()
        try directory.makeFolders()
        try directory.closeRecords()
        let store = try JobStore(path: directory.database)
        switch store.condition {
        case .closed: break
        case .whole: log.info("the records were not closed the last time: they were checked, and are whole")
        case .unfinished:
            log.warning(
                """
                the records were not closed the last time, and could not all be checked in time: \
                sqlite3 \(directory.database) 'PRAGMA quick_check' does, while sqzd is stopped
                """)
        }
        let socket = try ListeningSocket(path: socketPath())
        let startedAt = Clock.now()
        let blobs = Blobs(directory: directory.blobs)
        let uploads = Uploads(directory: directory.uploads)
        let watchers = Watchers()
        let housekeeping = Housekeeping(
            store: store, state: directory, uploads: uploads, configuration: configuration, watchers: watchers,
            log: log)
        let announcer = Announcer(store: store, watchers: watchers, log: log, housekeeping: housekeeping)
        do {
            try await tidyUp(directory, store, blobs, uploads, announcer)
        } catch  where JobStoreError.isOfFullDisk(error) {
            throw DaemonError.noRoom(directory: directory.path)
        }

        // Counted from now on.
        _ = MemoryKills.own
        let registry = RunnerRegistry(log: log)
        let programs = try RunnerRegistry.programs(configuration.current)
        try await configuration.current.warn(store, log)
        let warm = WarmRunners(store: store, blobs: blobs, registry: registry, configuration: configuration, log: log)
        let scheduler = Scheduler(
            store: store, state: directory, blobs: blobs, registry: registry, announcer: announcer, warm: warm,
            configuration: configuration,
            best: BestOfSweeps(store: store, warm: warm, configuration: configuration, log: log))
        let stopping = Stopping()
        let handlers = Handlers(
            store: store, state: directory, blobs: blobs, uploads: uploads,
            disk: DiskUse(store: store, uploads: uploads, state: directory, configuration: configuration),
            scheduler: scheduler, registry: registry, warm: warm, imports: Admission(places: Limits.imports),
            announcer: announcer, configuration: configuration, startedAt: startedAt, stopping: stopping,
            turns: Turns(places: Limits.callsAtOnce), counters: Counters(),
            housekeeping: housekeeping, log: log)
        let log = log
        let server = VarlinkServer(socket: socket.descriptor, handlers: handlers, log: log) {
            try ServiceManager.notify("READY=1\nSTATUS=ready")
            log.info("sqzd \(Version.current) is ready", metadata: ["SQZ_EVENT": "ready"])
        }
        let reload = Reload(
            hangups: hangups, file: places.configuration, configuration: configuration, registry: registry,
            programs: programs, store: store, housekeeping: housekeeping, log: log)
        var quiet = log
        quiet.logLevel = .error
        let notice = StopNotice(stopping: stopping, log: log)
        // Ended in reverse order: first no new calls, then the jobs go back to the queue.
        let services = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: scheduler), .init(service: warm), .init(service: reload),
                    .init(service: Watchdog(scheduler: scheduler, store: store)),
                    .init(service: MemoryWatch(warm: warm, log: log)), .init(service: housekeeping),
                    .init(service: server),
                    .init(service: notice, successTerminationBehavior: .ignore),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        try await notice.during { try await services.run() }
        socket.remove()
        try store.close()
        log.info("sqzd has stopped", metadata: ["SQZ_EVENT": "stopped"])
    }

    /// So many jobs that have ended may have been left with their checkpoints: many more than run at the same time.
    private static let lookedAfter = 1_000

    /// After a daemon that was killed: its running jobs go back to the queue, its half-made files go.
    private func tidyUp(
        _ directory: StateDirectory, _ store: JobStore, _ blobs: Blobs, _ uploads: Uploads, _ announcer: Announcer
    ) async throws {
        let needed = try await store.blobs()
        // Records may come from a backup, and a blob's name is a path's end.
        if let name = needed.first(where: { !Blobs.isName($0) }) {
            throw DaemonError.damaged(what: "the state", path: directory.database, reason: "\(name) is no sha256")
        }
        let needs = try await store.needs()
        let missing = try await onDisk { blobs.missing(of: needs) }
        if !missing.isEmpty {
            log.error(
                """
                files of \(missing.count) models and data sets are missing below \(blobs.directory), of \(missing[0]) for instance: \
                put them there from a backup, or remove what can't be used (sqzctl doctor names them)
                """)
        }
        let interrupted = try await store.requeueRunning(reason: "the daemon was interrupted", at: Clock.now())
        for job in interrupted.map(\.job) {
            let (checkpoints, log) = try await onDisk { try directory.bytes(of: job.id) }
            try await store.keep(checkpoints: checkpoints, log: log, of: job.id)
        }
        try await announcer.announce(interrupted)
        let done = try await store.lastDone(limit: Self.lookedAfter)
        let directories = try await onDisk { try directory.jobs() }
        let known = try await store.known(directories)
        try await onDisk {
            for id in directories where !known.contains(id) { try directory.remove(id) }
            for id in done { try directory.tidy(id, keepingCheckpoints: false) }
            for id in known { try directory.tidy(id, keepingCheckpoints: true) }
            try blobs.removeAll(but: needed)
            try StateDirectory.removeFiles(in: directory.imports) { _ in true }
            for path in [directory.backups, directory.restoring] { try StateDirectory.remove(path) }
            try uploads.removeStale(now: Clock.now() / 1_000_000)
        }
    }

    private func stateDirectory() throws -> String {
        if let path = places.state ?? environment("STATE_DIRECTORY") { return path }
        if let home = environment("XDG_STATE_HOME") { return home + "/sqzd" }
        if let home = environment("HOME") { return home + "/.local/state/sqzd" }
        throw DaemonError.noPlace(what: "the state", variable: "STATE_DIRECTORY", option: "--state-dir")
    }

    private func socketPath() -> String? {
        if let path = places.socket { return path }
        if let directory = environment("RUNTIME_DIRECTORY") { return directory + "/io.sqzd" }
        guard let directory = environment("XDG_RUNTIME_DIR") else { return nil }
        mkdir(directory + "/sqzd", 0o700)
        return directory + "/sqzd/io.sqzd"
    }

    /// Empty is not set.
    private func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
