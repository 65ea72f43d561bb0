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
        try check(timeLimit: parameters.timeLimit)
        try check(deadline: parameters.deadline)
        // What a job has made is kept in any case: whoever has no room for it is told before.
        if kind.model == .made { try await disk.require(0, for: peer.uid) }
        let dataset = try await dataset(parameters.dataset, for: kind)
        if let dataset { try kind.check(dataset) }
        let (model, maker) = try await model(parameters.model, for: kind, dataset, after, peer)
        let submission = Submission(
            kind: kind.name, runner: runner.name, uid: Int(peer.uid), priority: priority, options: options,
            dataset: dataset?.name, model: model, maker: maker, after: after, isHeld: parameters.hold ?? false,
            timeLimit: parameters.timeLimit, deadline: parameters.deadline)
        let change = try await store.submit(submission, at: Clock.now(), limits: .current)
        try await announcer.announce([change])
        scheduler.wake()
        return .init(id: change.job.id)
    }

    /// The data set that was asked for, else the only one there is.
    private func dataset(_ name: String?, for kind: JobKind) async throws -> Dataset? {
        guard kind.dataset else {
            if name != nil { throw SqzError.invalidOption(option: "dataset", reason: "\(kind.name) takes no data set") }
            return nil
        }
        if let name { return try await store.dataset(name) }
        let known = try await store.datasets()
        guard !known.isEmpty else { throw SqzError.noDatasets }
        guard known.count == 1 else {
            let names = known.map(\.name).joined(separator: ", ")
            throw SqzError.invalidOption(option: "dataset", reason: "say which: \(names)")
        }
        return known[0]
    }

    /// What the job uses, with its version, or by its name and the job that is to make it; or the name of what it makes.
    private func model(
        _ name: String?, for kind: JobKind, _ dataset: Dataset?, _ after: [Dependency], _ peer: Peer
    ) async throws -> (name: String?, maker: Int?) {
        switch kind.model {
        case .none:
            if name != nil {
                throw SqzError.invalidOption(option: "model", reason: "\(kind.name) has nothing to do with models")
            }
            return (nil, nil)
        case .used:
            switch try await store.model(name ?? configuration.current.defaultModel, after: after) {
            case .made(let stored):
                let name = "\(stored.model.name)@\(stored.model.version)"
                try dataset.map { try kind.check($0, with: name, of: stored.model.classes) }
                return (name, nil)
            case .toCome(let name, let maker):
                if let dataset, let other = maker.dataset, try await registry.kind(maker.kind).kind.sameClasses == true
                {
                    let classes = try await store.dataset(other).classes
                    try kind.check(dataset, with: "what job \(maker.id) is to make", of: classes)
                }
                return (name, maker.id)
            }
        case .made:
            let name = name ?? dataset?.name ?? kind.name
            try checkName(name, option: "model")
            try await checkOwner(of: name, option: "model", peer)
            return (name, nil)
        }
    }
}

extension QueueLimits {
    /// Those of this daemon.
    static var current: QueueLimits {
        QueueLimits(jobs: Limits.queuedJobs, perUser: Limits.queuedJobsPerUser)
    }
}
