internal import JobStore
internal import Logging
internal import SqzProtocol

// What becomes of a job whose run has ended.
extension Scheduler {
    /// Records how a run ended.
    func conclude(_ job: Job, _ ending: Result<JobRun.Ending, any Error>) async throws -> [Change] {
        let state = state
        let (checkpoints, log) = try await onDisk { try state.bytes(of: job.id) }
        try await store.keep(checkpoints: checkpoints, log: log, of: job.id)
        let finish = try await store.finish(of: job.id)
        switch (ending, running[job.id]?.intent) {
        case (_, let intent?) where intent.state == .cancelled:
            return try await store.move(job.id, to: .cancelled, reason: intent.reason, at: Clock.now())
        case (.success(.finished(let result)), _):
            return try await conclude(job, result, finish)
        case (_, let intent?):
            return try await store.move(job.id, to: intent.state, reason: intent.reason, at: Clock.now())
        case (.success(.cancelled(let user)), nil):
            return try await store.move(job.id, to: .cancelled, reason: "cancelled by \(user)", at: Clock.now())
        case (.success(.stopped), nil):
            return try await fail(job, "the runner stopped without being asked to", finish)
        case (.failure(let error), nil) where finish.map({ $0.state == .succeeded }) ?? true:
            guard let policy = policy(after: error) else { return try await fail(job, "\(error)", finish) }
            return try await store.crash(
                job.id, cause: Self.cause(of: error), from: job.progress,
                reached: announcer.watchers.progress(of: job.id)?.progress, policy, at: Clock.now())
        case (.failure(let error), nil):
            return try await fail(job, "\(error)", finish)
        }
    }

    /// How often a job is tried again whose run ended like this: nil for one that would only fail again.
    private func policy(after error: any Error) -> RetryPolicy? {
        let delay = configuration.current.retryDelay
        if error is RunnerCrash { return RetryPolicy(retries: Limits.retries, delay: delay) }
        // There may be room again, and what is on the disk is whole.
        return Self.isOfFullDisk(error) ? RetryPolicy(retries: nil, delay: max(delay, Self.diskDelay)) : nil
    }

    /// Before the first look whether the disk has room again, in microseconds.
    private static let diskDelay = 5_000_000

    private static func isOfFullDisk(_ error: any Error) -> Bool {
        switch error {
        case SqzError.diskFull: true
        case let error as DaemonError: error.isOfFullDisk
        default: JobStoreError.isOfFullDisk(error)
        }
    }

    /// SQLite's error would tell the statement, and not what it means.
    private static func cause(of error: any Error) -> String {
        JobStoreError.isOfFullDisk(error) ? "the disk is full: no room for the records" : "\(error)"
    }

    private func conclude(_ job: Job, _ result: RunResult, _ finish: Finish?) async throws -> [Change] {
        guard let made = result.model else {
            return try await store.succeed(job.id, Outcome(result), as: finish, at: Clock.now())
        }
        var model: NewModel
        let sealed: Blobs.Sealed
        do {
            (model, sealed) = try await look(at: made, of: job, result)
        } catch  where !Self.isOfFullDisk(error) {
            return try await fail(job, "\(error)", finish)
        }
        var outcome = Outcome(result)
        if let finish, finish.state != .succeeded {
            let part = "its training did not come to its end: \(finish.reason)"
            model.warning = [model.warning, part].compactMap { $0 }.joined(separator: "; ")
            outcome.warning = model.warning
        }
        let blobs = blobs
        do {
            let changes = try await store.succeed(job.id, outcome, making: model, as: finish, at: Clock.now()) {
                try blobs.place(sealed)
            }
            await warm.keepPinned()
            return changes
        } catch let error where (error is DaemonError || error is SqzError) && !Self.isOfFullDisk(error) {
            return try await fail(job, "\(error)", finish)
        }
    }

    /// The job has failed; one that was cancelled, or whose time was over, has left no part.
    private func fail(_ job: Job, _ reason: String, _ finish: Finish?) async throws -> [Change] {
        guard let finish, finish.state != .succeeded else {
            return try await store.move(job.id, to: .failed, reason: reason.shortened, at: Clock.now())
        }
        return try await store.move(
            job.id, to: finish.state, reason: "\(finish.reason); it left no model: \(reason)".shortened, at: Clock.now()
        )
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
            made: found, publisher: Publisher(Peer(uid: UInt32(job.uid)), configuration), dataset: job.dataset,
            loss: result.loss, accuracy: result.accuracy, warning: result.warning ?? found.warning)
        return (model, sealed)
    }
}

extension Outcome {
    fileprivate init(_ result: RunResult) {
        self.init(
            images: result.images, loss: result.loss, accuracy: result.accuracy, measured: result.measured,
            warning: result.warning, epoch: result.epoch, lastEpoch: result.lastEpoch, epochs: result.epochs,
            early: result.early, byClass: result.byClass, flipped: result.flipped,
            measurement: result.measurement, before: result.before, temperature: result.temperature)
    }
}
