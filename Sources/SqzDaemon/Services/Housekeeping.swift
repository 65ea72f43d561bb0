internal import Dispatch
internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import SqzProtocol

/// Removes what nobody needs any more: what the configuration does not keep, what is left of what users removed, checkpoints of jobs
/// that can't go on, uploads that nobody went on with. It is told of whatever may have made something due (`wake`), and has one timer,
/// which is set only while something becomes due by time alone.
actor Housekeeping: Service {
    private let store: JobStore
    private let state: StateDirectory
    private let uploads: Uploads
    private let configuration: LiveConfiguration
    private let watchers: Watchers
    private let log: Logger
    private let wakeups = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let alarm = DispatchSource.makeTimerSource()

    init(
        store: JobStore, state: StateDirectory, uploads: Uploads, configuration: LiveConfiguration, watchers: Watchers,
        log: Logger
    ) {
        self.store = store
        self.state = state
        self.uploads = uploads
        self.configuration = configuration
        self.watchers = watchers
        self.log = log
        alarm.setEventHandler { [wakeups] in wakeups.continuation.yield() }
        alarm.activate()
        wakeups.continuation.yield()
    }

    /// Something may be due.
    nonisolated func wake() { wakeups.continuation.yield() }

    func run() async throws {
        defer { alarm.cancel() }
        await cancelWhenGracefulShutdown {
            for await _ in self.wakeups.stream { await self.cleanWhatCanBe() }
        }
    }

    private func cleanWhatCanBe() async {
        do {
            try await clean()
        } catch is CancellationError {
            // The daemon stops; what is left is on disk.
        } catch {
            log.error("what nobody needs could not be removed: \(error)", metadata: ["SQZ_EVENT": "housekeeping"])
            alarm.schedule(wallDeadline: Clock.wallTime(Clock.now() + Self.pause))
        }
    }

    /// Microseconds between two tries of what the disk did not allow.
    private static let pause = 60_000_000

    private func clean() async throws {
        let (now, retention) = (Clock.now(), configuration.current.retention)
        try await retire(retention, at: now)
        let (state, uploads) = (state, uploads)
        _ = try await store.dropUselessCheckpoints { ids in
            for id in ids { try state.tidy(id, keepingCheckpoints: false) }
        }
        while try await store.clearLeftovers(rows: Limits.rowsRemovedAtOnce) { try Task.checkCancellation() }
        var next = try await store.forgetRemoved(at: now, limit: Limits.jobsRemovedAtOnce)
        while next.count == Limits.jobsRemovedAtOnce {
            next = try await store.forgetRemoved(at: now, limit: Limits.jobsRemovedAtOnce)
        }
        let stale = try await onDisk {
            try uploads.removeStale(now: now / 1_000_000)
            return try uploads.nextStale()
        }
        let moments = [try await store.nextRetirement(retention), next.next, stale.map { $0 * 1_000_000 }]
        alarm.schedule(wallDeadline: moments.compactMap { $0 }.min().map(Clock.wallTime) ?? .distantFuture)
    }

    private func retire(_ retention: Retention, at now: Int) async throws {
        var jobs = 0
        var predictions = 0
        while case let gone = try await store.retire(retention, at: now, limit: Limits.jobsRemovedAtOnce),
            !gone.jobs.isEmpty || gone.predictions > 0
        {
            let state = state
            try await onDisk { for id in gone.jobs { try state.remove(id) } }
            jobs += gone.jobs.count
            predictions += gone.predictions
            try Task.checkCancellation()
        }
        guard jobs > 0 || predictions > 0 else { return }
        watchers.publishChange()
        log.info(
            "removed \(jobs) jobs (keepJobs), and the predictions of \(predictions) (keepPredictions)",
            metadata: ["SQZ_EVENT": "housekeeping"])
    }
}
