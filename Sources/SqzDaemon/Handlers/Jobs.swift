internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func jobs(_ parameters: JobsInterface.List.Parameters) async throws -> JobsInterface.List.Reply {
        let limit = parameters.limit ?? 100
        guard (1...Limits.listedJobs).contains(limit) else {
            throw SqzError.invalidOption(option: "limit", reason: "must be from 1 to \(Limits.listedJobs), is \(limit)")
        }
        let filter = JobFilter(
            states: parameters.states, uid: parameters.uid, kind: parameters.kind, dataset: parameters.dataset,
            model: parameters.model, text: parameters.name, submittedAfter: parameters.submittedAfter,
            submittedBefore: parameters.submittedBefore)
        let (jobs, total) = try await store.jobs(filter, before: parameters.before, limit: limit, scheduler.outlook)
        return .init(jobs: jobs.map { withLiveProgress($0).inList }, total: total)
    }

    func show(_ parameters: JobsInterface.Show.Parameters) async throws -> JobsInterface.Show.Reply {
        let job = try await job(parameters.id)
        guard parameters.history == true else { return .init(job: job) }
        return .init(job: job, history: try await store.epochs(of: job.id, limit: Limits.listedEpochs))
    }

    /// A job with all that is known of it.
    func job(_ id: Int) async throws -> Job { withLiveProgress(try await store.job(id, scheduler.outlook)) }

    /// The store knows of whole epochs, the watchers of steps.
    func withLiveProgress(_ job: Job) -> Job {
        guard job.state == .running, let event = announcer.watchers.progress(of: job.id) else { return job }
        var job = job
        if let progress = event.progress { job.progress = progress }
        if let what = event.reason { (job.reason, job.expectedEnd) = (what, nil) }
        return job
    }

    func logs(_ parameters: JobsInterface.Logs.Parameters) async throws -> JobsInterface.Logs.Reply {
        let id = try await store.job(parameters.id).id
        let directory = state.job(id)
        return .init(lines: try await onDisk { try JobLog.lines(in: directory) })
    }
}

extension Job {
    /// A thousand of them with a thousand classes each, and what was found of these, would be no message any more.
    var inList: Job {
        var job = self
        job.outcome?.byClass = nil
        job.outcome?.measurement = nil
        return job
    }
}
