internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

/// One run of one job in a runner of its own.
struct JobRun: Sendable {
    let job: Job
    let runner: String
    /// How it is started, where it is more than one process.
    let ranks: RanksStart?
    let configuration: DaemonConfiguration
    let datasetFile: String?
    let modelFile: String?
    /// The files of models that options name, by the options' names.
    let models: [String: String]
    /// What its model's history says: the data set's checksum, and the model that it uses or tunes; nil if its kind does not ask.
    let names: Names?
    let directory: String
    let store: JobStore
    let announcer: Announcer
    /// Is called when its time begins to run, or stands still.
    let timeChanged: @Sendable () -> Void

    struct Names: Sendable {
        var dataset: String?
        var datasetSha256: String?
        var model: String?
    }

    /// How a run ended.
    enum Ending: Sendable {
        case finished(RunResult)
        /// It was asked to stop, and left a checkpoint.
        case stopped
        /// Somebody cancelled it elsewhere.
        case cancelled(by: String)
    }

    /// Background work gives way to people: a job, and an import, runs at this niceness.
    static let nice: CInt = 10

    /// What asks a run to end: to stop with a checkpoint, or to finish with what it has.
    struct Requests: Sendable {
        /// Each says whether the job is to be run again as soon as it can.
        let stops = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
        let finishes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs until the runner says how it ended. Throws `SqzError`.
    func run(_ requests: Requests) async throws -> Ending {
        let log = try JobLog(directory: directory)
        let own = announcer.log
        let journal = RunnerJournal(own, ["SQZ_JOB": "\(job.id)", "SQZ_EVENT": "output"])
        return try await RunnerLink.with(
            runner, configuration, nice: Self.nice, ranks: ranks,
            log: { line in
                journal.write(line)
                do { try log.append(line) } catch { own.error("log of job \(job.id): \(error)") }
            }
        ) { link in
            try await link.run(
                .init(
                    id: job.id, kind: job.kind, options: job.options, dataset: datasetFile, model: modelFile,
                    directory: directory, datasetName: names?.dataset, datasetSha256: names?.datasetSha256,
                    modelName: names?.model, models: models.isEmpty ? nil : models))
            let control = link.control
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await again in requests.stops.stream { try await control.stop(again: again) }
                }
                group.addTask {
                    for await _ in requests.finishes.stream { try await control.finish() }
                }
                defer { group.cancelAll() }
                return try await converse(&link)
            }
        }
    }

    private func converse(_ link: inout RunnerLink) async throws -> Ending {
        var ending: Ending?
        var waits = false
        try await link.followRun { reply, predictions in
            if waits || reply.waits != nil { waits = try await wait(for: reply.waits) }
            if !predictions.isEmpty { try await store.add(predictions, to: job.id) }
            if let progress = reply.progress {
                if reply.epochEnded == true {
                    if let event = try await store.recordEpoch(progress, of: job.id, at: Clock.now()) {
                        announcer.announceEpoch(event, of: job)
                    }
                } else {
                    announcer.watchers.publish(
                        Event(time: Clock.now(), kind: .progress, progress: progress), of: job.id)
                }
            }
            if let result = reply.result { ending = .finished(result) }
            if reply.stopped == true { ending = .stopped }
            if let user = reply.cancelled { ending = .cancelled(by: user) }
        }
        guard let ending else { throw SqzError.runnerFailed(reason: "it did not say what the job came to") }
        return ending
    }

    /// The job waits for this, or does not wait any more; gives whether it does.
    private func wait(for what: String?) async throws -> Bool {
        try await store.waits(job.id, what != nil, at: Clock.now())
        announcer.watchers.publish(Event(time: Clock.now(), kind: .progress, reason: what), of: job.id)
        timeChanged()
        return what != nil
    }
}
