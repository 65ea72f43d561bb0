internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func jobs(_ parameters: JobsInterface.List.Parameters) async throws -> JobsInterface.List.Reply {
        let limit = parameters.limit ?? 100
        guard (1...Limits.listedJobs).contains(limit) else {
            throw SqzError.invalidOption(option: "limit", reason: "must be from 1 to \(Limits.listedJobs), is \(limit)")
        }
        let jobs = try await store.jobs(
            in: parameters.states, before: parameters.before, limit: limit, scheduler.outlook)
        return .init(jobs: jobs.map(withLiveProgress))
    }

    func show(_ parameters: JobsInterface.Show.Parameters) async throws -> JobsInterface.Show.Reply {
        .init(job: try await job(parameters.id))
    }

    /// A job with all that is known of it.
    func job(_ id: Int) async throws -> Job { withLiveProgress(try await store.job(id, scheduler.outlook)) }

    /// The store knows of whole epochs, the watchers of steps.
    func withLiveProgress(_ job: Job) -> Job {
        guard job.state == .running, let event = announcer.watchers.progress(of: job.id) else { return job }
        var job = job
        job.progress = event.progress
        return job
    }

    func logs(_ parameters: JobsInterface.Logs.Parameters) async throws -> JobsInterface.Logs.Reply {
        let id = try await store.job(parameters.id).id
        let directory = state.job(id)
        return .init(lines: try await onDisk { try JobLog.lines(in: directory) })
    }
}
