internal import Dispatch
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
    /// What was asked of jobs that the store calls running while they are not in `running` yet.
    private var askedWhileStarting: [Int: Intent] = [:]
    private(set) var isStopping = false
    /// The one timer: it wakes at the next moment at which time alone changes something, if there is one. By the wall clock,
    /// which may be set.
    private let alarm = DispatchSource.makeTimerSource()

    private struct Running {
        let job: Job
        var intent: Intent?
        let stops = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// What is to become of a running job that is asked to stop.
    struct Intent: Sendable {
        let state: State
        let reason: String
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
        alarm.setEventHandler { [wakeups] in wakeups.continuation.yield() }
        alarm.activate()
    }

    /// Runs jobs until the daemon stops; then each running one makes a checkpoint and goes back to the queue.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await gracefulShutdown()
                await self.stopAll()
            }
            wake()
            defer { alarm.cancel() }
            for await _ in wakeups.stream {
                do {
                    while !isStopping, running.count < limits.jobs,
                        // A job may be put back into the queue before all is done that its last run left to do.
                        let next = try await store.startNext(
                            at: Clock.now(), limits: limits, busy: Set(running.keys))
                    {
                        let stops = admit(next.job)
                        group.addTask { await self.execute(next, stops: stops) }
                    }
                    try await preempt()
                    try await lookAtTheClock()
                } catch {
                    // A full disk, for instance: what is on disk is whole, and there may be room again.
                    announcer.log.critical("no job can be started: \(error)")
                    group.addTask {
                        try await Task.sleep(for: Self.pause)
                        self.wake()
                    }
                }
            }
        }
    }

    /// Between two tries of what the disk did not allow.
    private static let pause = Duration.seconds(5)

    /// Something has changed that may let a job start.
    nonisolated func wake() { wakeups.continuation.yield() }

    /// What is known of the queue beyond the store.
    nonisolated var outlook: Outlook {
        Outlook(now: Clock.now(), limits: limits, ends: announcer.watchers.expectedEnds())
    }

    private nonisolated var limits: RunningLimits {
        let current = configuration.current
        return RunningLimits(jobs: current.runningJobs, perUser: current.runningJobsPerUser)
    }

    /// Ends jobs whose time is over, and sets the timer.
    private func lookAtTheClock() async throws {
        let now = Clock.now()
        let agenda = try await store.agenda(at: now)
        for expiry in agenda.expired where !isStopping {
            do {
                try await ask(
                    expiry.id, Intent(state: .failed, reason: expiry.reason), from: [.queued, .paused], ifDue: now)
            } catch is SqzError {
                // It has ended at this very moment.
            }
        }
        alarm.schedule(wallDeadline: agenda.next.map(Clock.wallTime) ?? .distantFuture)
    }

    /// A job that waits becomes what is asked at once; one that runs at its next step, after a checkpoint. Throws
    /// `SqzError.jobEnded` or `wrongState`. `ifDue`: nothing is asked of one whose time is not over then.
    func ask(_ id: Int, _ intent: Intent, from states: Set<State>, ifDue due: Int? = nil) async throws {
        // Twice where it begins or ends to run between the two looks.
        while true {
            if let changes = try await store.move(
                id, from: states, to: intent.state, reason: intent.reason, at: Clock.now(), ifDue: due)
            {
                try await cleanUp(changes)
                try await announcer.announce(changes)
                return wake()
            }
            guard try await store.intend(id, to: intent.state, reason: intent.reason, ifDue: due) else { continue }
            // The store calls it running: it is here by now, or about to be.
            if running[id] == nil { askedWhileStarting[id] = intent } else { stop(id, intent) }
            return
        }
    }

    private func admit(_ job: Job) -> AsyncStream<Void> {
        let entry = Running(job: job)
        running[job.id] = entry
        if let intent = askedWhileStarting.removeValue(forKey: job.id) { stop(job.id, intent) }
        if isStopping { stop(job.id, Self.restart) }
        return entry.stops.stream
    }

    private func stop(_ id: Int, _ intent: Intent) {
        running[id]?.intent = intent
        running[id]?.stops.continuation.yield()
    }

    private static let restart = Intent(state: .queued, reason: "the daemon stopped")

    private func stopAll() {
        isStopping = true
        wakeups.continuation.finish()
        for (id, entry) in running { stop(id, entry.intent ?? Self.restart) }
    }

    /// Where a waiting job has a higher priority than a running one, and there is no room, the running one makes room.
    private func preempt() async throws {
        let isFull = running.count >= limits.jobs
        guard isFull, running.values.allSatisfy({ $0.intent == nil }),
            let (running, next) = try await store.preemption(at: Clock.now(), limits: limits)
        else { return }
        stop(running, Intent(state: .queued, reason: "makes room for job \(next), which has a higher priority"))
    }

    private func execute(_ start: Change, stops: AsyncStream<Void>) async {
        let job = start.job
        let ending = await attempt(start, stops: stops)
        var isConcluded = false
        while !isConcluded {
            do {
                let changes = try await conclude(job, ending)
                isConcluded = true
                try await announcer.announce(changes)
                try await cleanUp(changes)
            } catch {
                announcer.log.critical(
                    "job \(job.id) has ended, but not all of it could be done: \(error)",
                    metadata: ["SQZ_JOB": "\(job.id)"])
                // A daemon that stops leaves the job running on disk, and queues it again when it starts.
                if isStopping { break }
                if !isConcluded { await Self.wait() }
            }
        }
        running[job.id] = nil
        wake()
    }

    private static func wait() async {
        do { try await Task.sleep(for: pause) } catch { /* cancelled: the daemon is ending */  }
    }

    private func attempt(_ start: Change, stops: AsyncStream<Void>) async -> Result<JobRun.Ending, any Error> {
        let job = start.job
        do {
            try await announcer.announce([start])
            let directory = state.job(job.id)
            try StateDirectory.makeDirectory(directory)
            var dataset: String?
            let blobs = blobs
            if let name = job.dataset {
                let sha256 = try await store.dataset(name).sha256
                dataset = try await onDisk { try blobs.verified(sha256, of: "data set \(name)") }
            }
            var model: String?
            if try await registry.kind(job.kind).kind.model == .used, let name = job.model {
                let sha256 = try await store.model(name).model.sha256
                model = try await onDisk { try blobs.verified(sha256, of: "model \(name)") }
            }
            let run = JobRun(
                job: job, runner: try await registry.path(of: job.runner), configuration: configuration.current,
                datasetFile: dataset, modelFile: model, directory: directory, store: store, announcer: announcer)
            return .success(try await run.run(stops: stops))
        } catch {
            return .failure(error)
        }
    }

    /// Records how a run ended.
    private func conclude(_ job: Job, _ ending: Result<JobRun.Ending, any Error>) async throws -> [Change] {
        let state = state
        let (checkpoints, log) = try await onDisk { try state.bytes(of: job.id) }
        try await store.keep(checkpoints: checkpoints, log: log, of: job.id)
        switch (ending, running[job.id]?.intent) {
        case (_, let intent?) where intent.state == .cancelled:
            return try await store.move(job.id, to: .cancelled, reason: intent.reason, at: Clock.now())
        case (.success(.finished(let result)), _):
            guard let made = result.model else {
                return try await store.succeed(job.id, outcome(result), at: Clock.now())
            }
            let model: NewModel
            let sealed: Blobs.Sealed
            do {
                (model, sealed) = try await look(at: made, of: job, result)
            } catch {
                return try await store.move(job.id, to: .failed, reason: "\(error)".shortened, at: Clock.now())
            }
            let blobs = blobs
            do {
                return try await store.succeed(job.id, outcome(result), making: model, at: Clock.now()) {
                    try blobs.place(sealed)
                }
            } catch let error where error is DaemonError || error is SqzError {
                return try await store.move(job.id, to: .failed, reason: "\(error)".shortened, at: Clock.now())
            }
        case (_, let intent?):
            return try await store.move(job.id, to: intent.state, reason: intent.reason, at: Clock.now())
        case (.success(.stopped), nil):
            return try await store.move(
                job.id, to: .failed, reason: "the runner stopped without being asked to", at: Clock.now())
        case (.failure(let crash as RunnerCrash), nil):
            let policy = RetryPolicy(retries: Limits.retries, delay: configuration.current.retryDelay)
            return try await store.crash(
                job.id, cause: "\(crash)", from: job.progress,
                reached: announcer.watchers.progress(of: job.id)?.progress, policy, at: Clock.now())
        case (.failure(let error), nil):
            return try await store.move(job.id, to: .failed, reason: "\(error)".shortened, at: Clock.now())
        }
    }

    private func outcome(_ result: RunResult) -> Outcome {
        Outcome(
            images: result.images, loss: result.loss, accuracy: result.accuracy, measured: result.measured,
            warning: result.warning)
    }

    /// The model's file is one, in the job's directory, and what it is, a runner finds out that reads nothing but it.
    private func look(at made: MadeModel, of job: Job, _ result: RunResult) async throws -> (NewModel, Blobs.Sealed) {
        guard !made.file.contains("/"), made.file != ".." else {
            throw SqzError.runnerFailed(reason: "it names a file outside of its directory: \(made.file)")
        }
        let (blobs, directory) = (blobs, state.job(job.id))
        let sealed = try await onDisk { try blobs.seal(made.file, in: directory) }
        let log = RunnerJournal(announcer.log, ["SQZ_JOB": "\(job.id)", "SQZ_EVENT": "output"])
        let found = try await RunnerLink.with(
            try await registry.path(of: job.runner), configuration.current, log: { log.write($0) }
        ) { link in
            try await link.call(
                RunnerInterface.Inspect.self, .init(model: sealed.file), within: Limits.inspectSeconds
            ).model.checked()
        }
        let model = NewModel(
            name: job.model ?? job.dataset ?? job.kind, sha256: sealed.sha256, size: sealed.size, runner: job.runner,
            made: found, uid: job.uid, dataset: job.dataset, loss: result.loss, accuracy: result.accuracy,
            warning: result.warning ?? found.warning
        ) { [configuration] in
            try Peer(uid: UInt32(job.uid)).isAdministrator(group: configuration.current.administrators)
        }
        return (model, sealed)
    }

    /// Checkpoints of a job that has ended well, or that nobody wants any more, are of no use; its log is, if it has lines.
    private func cleanUp(_ changes: [Change]) async throws {
        let over = changes.map(\.job).filter(\.state.isEnd)
        guard !over.isEmpty else { return }
        let state = state
        try await onDisk {
            for job in over { try state.tidy(job.id, keepingCheckpoints: job.state == .failed) }
        }
    }
}
