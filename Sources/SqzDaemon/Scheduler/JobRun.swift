internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

/// One run of one job in a runner of its own.
struct JobRun: Sendable {
    let job: Job
    let runner: String
    let configuration: DaemonConfiguration
    let datasetFile: String?
    let modelFile: String?
    let directory: String
    let store: JobStore
    let announcer: Announcer

    /// How a run ended.
    enum Ending: Sendable {
        case finished(RunResult)
        /// It was asked to stop, and left a checkpoint.
        case stopped
    }

    /// Background work gives way to people: a job, and an import, runs at this niceness.
    static let nice: CInt = 10

    /// Runs until the runner says how it ended. Each element of `stops` asks it to stop. Throws `SqzError`.
    func run(stops: AsyncStream<Void>) async throws -> Ending {
        let log = try JobLog(directory: directory)
        let own = announcer.log
        let journal = RunnerJournal(own, ["SQZ_JOB": "\(job.id)", "SQZ_EVENT": "output"])
        return try await RunnerLink.with(
            runner, configuration, nice: Self.nice,
            log: { line in
                journal.write(line)
                do { try log.append(line) } catch { own.error("log of job \(job.id): \(error)") }
            }
        ) { link in
            let control = link.control
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in stops { try await control.stop() }
                }
                defer { group.cancelAll() }
                return try await converse(&link)
            }
        }
    }

    private func converse(_ link: inout RunnerLink) async throws -> Ending {
        var ending: Ending?
        let parameters = RunnerInterface.Run.Parameters(
            id: job.id, kind: job.kind, options: job.options, dataset: datasetFile, model: modelFile,
            directory: directory)
        try await link.stream(RunnerInterface.Run.self, parameters) { answer in
            let reply = try answer.checked()
            if let predictions = reply.predictions { try await store.add(predictions, to: job.id) }
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
        }
        guard let ending else { throw SqzError.runnerFailed(reason: "it did not say what the job came to") }
        return ending
    }
}
