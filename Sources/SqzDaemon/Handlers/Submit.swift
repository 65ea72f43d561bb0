internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func submit(_ parameters: JobsInterface.Submit.Parameters, from peer: Peer) async throws
        -> JobsInterface.Submit.Reply
    {
        try stopping.check()
        let (runner, kind) = try await registry.kind(parameters.kind)
        let options = parameters.options ?? [:]
        try kind.check(options)
        let priority = parameters.priority ?? 0
        try check(priority, of: peer)
        let after = parameters.after ?? []
        guard after.count <= Limits.jobsAfter else {
            throw SqzError.invalidOption(
                option: "after", reason: "at most \(Limits.jobsAfter) jobs, there are \(after.count)")
        }
        try checkTimes(parameters)
        // What a job has made is kept in any case: whoever has no room for it is told before.
        if kind.model == .made { try await disk.require(0, for: peer.uid) }
        let dataset = try await dataset(parameters.dataset, for: kind)
        let submission = Submission(
            kind: kind.name, runner: runner.name, uid: Int(peer.uid), priority: priority, options: options,
            dataset: dataset, model: try await model(parameters.model, for: kind, dataset: dataset), after: after,
            isHeld: parameters.hold ?? false, timeLimit: parameters.timeLimit, deadline: parameters.deadline)
        let change = try await store.submit(submission, at: Clock.now(), limits: .current)
        try await announcer.announce([change])
        scheduler.wake()
        return .init(id: change.job.id)
    }

    private func checkTimes(_ parameters: JobsInterface.Submit.Parameters) throws {
        if let limit = parameters.timeLimit, !(1...Limits.longestTime).contains(limit) {
            throw SqzError.invalidOption(
                option: "timeLimit", reason: "must be from 1 to \(Limits.longestTime) seconds, is \(limit)")
        }
        guard let deadline = parameters.deadline else { return }
        let now = Clock.now()
        guard deadline > now else {
            throw SqzError.invalidOption(option: "deadline", reason: "has passed: \(Timestamp.text(deadline))")
        }
        let latest = now + Limits.longestTime * 1_000_000
        guard deadline <= latest else {
            throw SqzError.invalidOption(
                option: "deadline", reason: "must be at \(Timestamp.text(latest)) or before")
        }
    }

    /// The data set's name: the one that was asked for, else the only one there is.
    private func dataset(_ name: String?, for kind: JobKind) async throws -> String? {
        guard kind.dataset else {
            if name != nil { throw SqzError.invalidOption(option: "dataset", reason: "\(kind.name) takes no data set") }
            return nil
        }
        if let name { return try await store.dataset(name).name }
        let known = try await store.datasets().map(\.name)
        guard !known.isEmpty else { throw SqzError.noDatasets }
        guard known.count == 1 else {
            throw SqzError.invalidOption(option: "dataset", reason: "say which: \(known.joined(separator: ", "))")
        }
        return known[0]
    }

    /// What the job uses, with its version, or the name of what it makes.
    private func model(_ name: String?, for kind: JobKind, dataset: String?) async throws -> String? {
        switch kind.model {
        case .none:
            if name != nil {
                throw SqzError.invalidOption(option: "model", reason: "\(kind.name) has nothing to do with models")
            }
            return nil
        case .used:
            let model = try await store.model(name ?? configuration.current.defaultModel).model
            return "\(model.name)@\(model.version)"
        case .made:
            let name = name ?? dataset ?? kind.name
            try checkName(name, option: "model")
            return name
        }
    }
}

extension QueueLimits {
    /// Those of this daemon.
    static var current: QueueLimits {
        QueueLimits(jobs: Limits.queuedJobs, perUser: Limits.queuedJobsPerUser)
    }
}
