internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import SqzProtocol

/// Decides what runs when: starts the next job of the queue when there is room, ends running ones when asked.
actor Scheduler: Service {
    private let store: JobStore
    private let state: StateDirectory
    private let blobs: Blobs
    private let registry: RunnerRegistry
    private let announcer: Announcer
    private let configuration: LiveConfiguration
    private let wakeups = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private var running: [Int: Running] = [:]
    /// Cancellations of jobs that the store calls running while they are not in `running` yet.
    private var cancelledWhileStarting: Set<Int> = []
    private(set) var isStopping = false

    private struct Running {
        var intent = Intent.finish
        let stops = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// What is to become of a running job when it stops.
    private enum Intent {
        case finish
        case cancel(reason: String)
        case requeue
    }

    init(
        store: JobStore, state: StateDirectory, blobs: Blobs, registry: RunnerRegistry, announcer: Announcer,
        configuration: LiveConfiguration
    ) {
        self.store = store
        self.state = state
        self.blobs = blobs
        self.registry = registry
        self.announcer = announcer
        self.configuration = configuration
    }

    /// Runs jobs until the daemon stops; then each running one makes a checkpoint and goes back to the queue.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await gracefulShutdown()
                await self.stop()
            }
            wake()
            for await _ in wakeups.stream {
                while !isStopping, running.count < configuration.current.runningJobs,
                    let next = try await store.startNext(at: Clock.now())
                {
                    var entry = Running()
                    if cancelledWhileStarting.remove(next.job.id) != nil {
                        entry.intent = .cancel(reason: "cancelled")
                        entry.stops.continuation.yield()
                    }
                    if isStopping {
                        entry.intent = .requeue
                        entry.stops.continuation.yield()
                    }
                    running[next.job.id] = entry
                    let stops = entry.stops.stream
                    group.addTask { await self.execute(next.job, next.event, stops: stops) }
                }
            }
        }
    }

    /// Something has changed that may let a job start.
    func wake() { wakeups.continuation.yield() }

    /// Cancels a job; a running one ends at its next step.
    func cancel(_ id: Int, reason: String) async throws {
        if running[id] == nil {
            if let (job, event) = try await store.cancelWaiting(id, reason: reason, at: Clock.now()) {
                try await announcer.announce(event, of: job)
                wake()
                return
            }
            // It began to run meanwhile.
            guard running[id] != nil else {
                cancelledWhileStarting.insert(id)
                return
            }
        }
        running[id]?.intent = .cancel(reason: reason)
        running[id]?.stops.continuation.yield()
    }

    private func stop() {
        isStopping = true
        wakeups.continuation.finish()
        for id in running.keys {
            if case .finish? = running[id]?.intent { running[id]?.intent = .requeue }
            running[id]?.stops.continuation.yield()
        }
    }

    private func execute(_ job: Job, _ started: Event, stops: AsyncStream<Void>) async {
        do {
            try await announcer.announce(started, of: job)
            let (ended, event) = try await conclude(job, try await attempt(job, stops: stops))
            running[job.id] = nil
            try await announcer.announce(event, of: ended)
            try cleanUp(ended)
        } catch {
            // The store itself failed: the job stays as it is on disk, and the next start of the daemon queues it again.
            announcer.log.critical("job \(job.id) could not be concluded: \(error)", metadata: ["SQZ_JOB": "\(job.id)"])
        }
        running[job.id] = nil
        wake()
    }

    private func attempt(_ job: Job, stops: AsyncStream<Void>) async throws -> Result<JobRun.Ending, any Error> {
        do {
            let directory = state.job(job.id)
            try StateDirectory.makeDirectory(directory)
            var dataset: String?
            if let name = job.dataset { dataset = blobs.path(try await store.dataset(name).sha256) }
            var model: String?
            if try await registry.kind(job.kind).kind.model == .used, let name = job.model {
                model = blobs.path(try await store.model(name).model.sha256)
            }
            let run = JobRun(
                job: job, runner: try await registry.path(of: job.runner), launcher: configuration.current.launcher,
                datasetFile: dataset, modelFile: model, directory: directory, store: store, announcer: announcer)
            return .success(try await run.run(stops: stops))
        } catch {
            return .failure(error)
        }
    }

    /// Records how a run ended.
    private func conclude(_ job: Job, _ ending: Result<JobRun.Ending, any Error>) async throws -> (
        job: Job, event: Event
    ) {
        let now = Clock.now()
        let intent = running[job.id]?.intent ?? .finish
        switch (ending, intent) {
        case (.success(.finished(let result)), _):
            do {
                return try await succeed(job, result)
            } catch let error as DaemonError {
                return try await store.move(job.id, to: .failed, reason: "\(error)", at: now)
            }
        case (_, .cancel(let reason)): return try await store.move(job.id, to: .cancelled, reason: reason, at: now)
        case (_, .requeue):
            return try await store.move(job.id, to: .queued, reason: "the daemon stopped", at: now)
        case (.success(.stopped), .finish):
            return try await store.move(
                job.id, to: .failed, reason: "the runner stopped without being asked to", at: now)
        case (.failure(let error), .finish):
            return try await store.move(job.id, to: .failed, reason: "\(error)", at: now)
        }
    }

    private func succeed(_ job: Job, _ result: RunResult) async throws -> (job: Job, event: Event) {
        let outcome = Outcome(images: result.images, loss: result.loss, accuracy: result.accuracy)
        guard let made = result.model else { return try await store.succeed(job.id, outcome, at: Clock.now()) }
        guard !made.file.contains("/"), made.file != ".." else {
            throw DaemonError.configuration(reason: "the runner names a file outside of its directory: \(made.file)")
        }
        let file = "\(state.job(job.id))/\(made.file)"
        let blobs = blobs
        let sealed = try await onDisk { try blobs.seal(file) }
        let model = NewModel(
            name: job.model ?? job.dataset ?? job.kind, sha256: sealed.sha256, size: sealed.size, runner: job.runner,
            made: made, uid: job.uid, dataset: job.dataset, loss: result.loss, accuracy: result.accuracy)
        return try await store.succeed(job.id, outcome, making: model, at: Clock.now()) { try blobs.place(sealed) }
    }

    /// Checkpoints of a job that has ended well, or that nobody wants any more, are of no use; its log is.
    private func cleanUp(_ job: Job) throws {
        guard job.state == .succeeded || job.state == .cancelled else { return }
        try StateDirectory.removeFiles(in: state.job(job.id)) { !$0.hasPrefix("log") }
    }
}
