internal import Dispatch
internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import SqzProtocol
internal import Varlink

/// Decides what runs when: starts the next job of the queue when there is room, ends running ones when asked.
actor Scheduler: Service {
    let store: JobStore
    let state: StateDirectory
    let blobs: Blobs
    let registry: RunnerRegistry
    let announcer: Announcer
    let warm: WarmRunners
    let configuration: LiveConfiguration
    private let best: BestOfSweeps
    private let wakeups = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    var running: [Int: Running] = [:]
    /// What was asked of jobs that the store calls running while they are not in `running` yet.
    private var askedWhileStarting: [Int: Intent] = [:]
    var toldToFinishWhileStarting: Set<Int> = []
    private(set) var isStopping = false
    /// The one timer: it wakes at the next moment at which time alone changes something, if there is one. By the wall clock,
    /// which may be set.
    private let alarm = DispatchSource.makeTimerSource()

    struct Running {
        let job: Job
        var intent: Intent?
        let requests = JobRun.Requests()
    }

    /// What is to become of a running job that is asked to stop.
    struct Intent: Sendable {
        let state: State
        let reason: String
    }

    init(
        store: JobStore, state: StateDirectory, blobs: Blobs, registry: RunnerRegistry, announcer: Announcer,
        warm: WarmRunners, configuration: LiveConfiguration, best: BestOfSweeps
    ) {
        self.store = store
        self.state = state
        self.blobs = blobs
        self.registry = registry
        self.announcer = announcer
        self.warm = warm
        self.configuration = configuration
        self.best = best
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
                    // A job may be put back into the queue before all is done that its last run left to do.
                    while !isStopping,
                        let next = try await store.startNext(
                            at: Clock.now(), limits: limits, busy: Set(running.keys))
                    {
                        let requests = admit(next.job)
                        group.addTask { await self.execute(next, requests) }
                    }
                    try await preempt()
                    try await lookAtTheClock()
                    if !isStopping { group.addTask { await self.best.promote() } }
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
        return RunningLimits(
            jobs: current.runningJobs, perUser: current.runningJobsPerUser,
            launchers: current.launchers.compactMapValues(\.jobs))
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

    /// The same for the jobs of a sweep: all that wait at once, so that none of them begins instead of another. Gives those that
    /// it was asked of.
    func ask(sweep name: String, _ intent: Intent, from states: Set<State>) async throws -> [Int] {
        let (changes, running) = try await store.move(
            sweep: name, from: states, to: intent.state, reason: intent.reason, at: Clock.now())
        try await cleanUp(changes)
        try await announcer.announce(changes)
        var asked = changes.map(\.job).filter { $0.sweep == name }.map(\.id)
        for id in running {
            do {
                try await ask(id, intent, from: states)
                asked.append(id)
            } catch let error as SqzError {
                // It has ended at this very moment.
                guard case .jobEnded = error else { throw error }
            }
        }
        wake()
        return asked.sorted()
    }

    /// A job that waits becomes what is asked at once; one that runs at its next step, after a checkpoint. Throws
    /// `SqzError.jobEnded` or `wrongState`. `ifDue`: nothing is asked of one whose time is not over then.
    func ask(_ id: Int, _ intent: Intent, from states: Set<State>, ifDue due: Int? = nil) async throws {
        if intent.state.isEnd, try await leavesPart(id) {
            _ = try await finish(id, Finish(intent.state, reason: intent.reason), ifDue: due)
            return
        }
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

    private func admit(_ job: Job) -> JobRun.Requests {
        let entry = Running(job: job)
        running[job.id] = entry
        if let intent = askedWhileStarting.removeValue(forKey: job.id) { stop(job.id, intent) }
        if job.finishing == true || toldToFinishWhileStarting.remove(job.id) != nil {
            entry.requests.finishes.continuation.yield()
        }
        if isStopping { stop(job.id, Self.restart) }
        return entry.requests
    }

    private func stop(_ id: Int, _ intent: Intent) {
        running[id]?.intent = intent
        running[id]?.requests.stops.continuation.yield(isStopping && intent.state == .queued)
    }

    private static let restart = Intent(state: .queued, reason: "the daemon stopped")

    private func stopAll() {
        isStopping = true
        wakeups.continuation.finish()
        for (id, entry) in running { stop(id, entry.intent ?? Self.restart) }
    }

    /// Where a waiting job has a higher priority than a running one, and there is no room, the running one makes room.
    private func preempt() async throws {
        let limits = limits
        let here = running.values.filter { limits.places(of: $0.job.launcher) == nil }
        guard here.count >= limits.jobs, here.allSatisfy({ $0.intent == nil }),
            let (running, next) = try await store.preemption(at: Clock.now(), limits: limits)
        else { return }
        stop(running, Intent(state: .queued, reason: "makes room for job \(next), which has a higher priority"))
    }

    private func execute(_ start: Change, _ requests: JobRun.Requests) async {
        let job = start.job
        let ending = await attempt(start, requests)
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

    private func attempt(_ start: Change, _ requests: JobRun.Requests) async -> Result<JobRun.Ending, any Error> {
        let job = start.job
        do {
            try await announcer.announce([start])
            let directory = state.job(job.id)
            try StateDirectory.makeDirectory(directory)
            let kind = try await registry.kind(job.kind).kind
            var names = JobRun.Names(dataset: job.dataset)
            var dataset: String?
            if let name = job.dataset {
                let (sha256, blobs) = (try await store.dataset(name).sha256, blobs)
                names.datasetSha256 = sha256
                dataset = try await onDisk { try blobs.verified(sha256, of: "data set \(name)") }
            }
            var model: String?
            if let name = job.base ?? (kind.model == .used ? job.model : nil) {
                names.model = name
                model = try await modelFile(name)
            }
            var models: [String: String] = [:]
            for option in kind.options where option.type == .model {
                guard case .string(let name)? = job.options[option.name] else { continue }
                models[option.name] = try await modelFile(name)
            }
            let (runner, configuration) = (try await registry.entry(of: job.runner), configuration.current)
            let ranks = try job.launch.map {
                try configuration.start($0, of: runner, by: Peer(uid: UInt32(job.uid)), job: job)
            }
            let run = JobRun(
                job: job, runner: ranks?.program ?? runner.info.path, ranks: ranks, configuration: configuration,
                datasetFile: dataset, modelFile: model, models: models, names: kind.named == true ? names : nil,
                directory: directory,
                store: store, announcer: announcer, timeChanged: wake)
            return .success(try await run.run(requests))
        } catch {
            return .failure(error)
        }
    }

    /// The file of a model, which is what was registered.
    private func modelFile(_ name: String) async throws -> String {
        let (sha256, blobs) = (try await store.model(name).model.sha256, blobs)
        return try await onDisk { try blobs.verified(sha256, of: "model \(name)") }
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
