internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func submit(_ parameters: JobsInterface.Submit.Parameters, from peer: Peer) async throws
        -> JobsInterface.Submit.Reply
    {
        try stopping.check()
        if let name = parameters.name { try checkJobName(name) }
        let (kind, submission, makers) = try await submission(parameters, from: peer) { kind in
            let options = parameters.options ?? [:]
            try kind.check(options, tuning: parameters.base != nil)
        }
        let change = try await store.submit(submission, at: Clock.now(), limits: .current)
        try await announcer.announce([change])
        scheduler.wake()
        guard kind.model == .used else { return .init(id: change.job.id) }
        // Unless it was made while this was submitted.
        let isToCome = change.job.model?.contains("@") == false
        return .init(
            id: change.job.id, model: change.job.model, maker: isToCome ? submission.maker : nil,
            makers: makers.isEmpty ? nil : makers)
    }

    /// What is asked for, with all that it names settled; and the jobs that are to make other versions of its model.
    ///
    /// - Parameter checkOptions: refuses options that do not fit the kind.
    func submission(
        _ parameters: JobsInterface.Submit.Parameters, from peer: Peer, checkOptions: (JobKind) throws -> Void
    ) async throws -> (kind: JobKind, submission: Submission, makers: [Int]) {
        let (runner, kind) = try await registry.kind(parameters.kind)
        try checkOptions(kind)
        if let note = parameters.note { try check(note: note) }
        let priority = parameters.priority ?? 0
        try check(priority, of: peer)
        var after = parameters.after ?? []
        guard after.count <= Limits.jobsAfter else {
            throw SqzError.invalidOption(
                option: "after", reason: "at most \(Limits.jobsAfter) jobs, there are \(after.count)")
        }
        try check(timeLimit: parameters.timeLimit)
        try check(deadline: parameters.deadline)
        let keepsPartial = parameters.keepPartial ?? false
        guard !keepsPartial || kind.finishes == true else {
            throw SqzError.invalidOption(
                option: "keepPartial", reason: "the runner \(runner.name) does not finish \(kind.name) jobs early")
        }
        // What a job has made is kept in any case: whoever has no room for it is told before.
        if kind.model == .made { try await disk.require(0, for: peer.uid) }
        let dataset = try await dataset(parameters.dataset, for: kind)
        if let dataset { try kind.check(dataset) }
        let (model, maker, makers) = try await model(parameters.model, for: kind, dataset, after, peer)
        if let maker, !after.contains(where: { $0.job == maker }) {
            after.append(Dependency(job: maker, condition: .success))
        }
        let base = try await base(parameters.base, for: kind)
        let submission = Submission(
            kind: kind.name, runner: runner.name, uid: Int(peer.uid), priority: priority,
            options: try await settled(parameters.options ?? [:], of: kind),
            dataset: dataset?.name, model: model, maker: maker, base: base, after: after,
            isHeld: parameters.hold ?? false,
            timeLimit: parameters.timeLimit, deadline: parameters.deadline, keepsPartial: keepsPartial,
            launch: try await launch(parameters.ranks, parameters.launcher, of: kind, runner.name, by: peer),
            name: parameters.name, note: parameters.note)
        return (kind, submission, makers)
    }

    /// Options with the versions of the models that they name.
    func settled(_ options: [String: JSONValue], of kind: JobKind) async throws -> [String: JSONValue] {
        var options = options
        for option in kind.options where option.type == .model {
            guard case .string(let name)? = options[option.name] else { continue }
            options[option.name] = .string(try await version(of: name))
        }
        return options
    }

    /// A model as NAME@VERSION.
    private func version(of name: String) async throws -> String {
        let model = try await store.model(name).model
        return "\(model.name)@\(model.version)"
    }

    /// Refuses what can't be a job's name: it is no number, which a job's id is.
    func checkJobName(_ name: String) throws {
        guard Self.isWord(name) else {
            throw SqzError.invalidOption(
                option: "name",
                reason: """
                    a job's name is letters, at least one, digits, '.', '_' and '-', \(Limits.nameBytes) at most, and begins with \
                    none of '.-'
                    """)
        }
    }

    private func check(note: String) throws {
        guard note.utf8.count <= Limits.toldBytes else {
            throw SqzError.invalidOption(
                option: "note", reason: "is longer than \(Limits.toldBytes) bytes: \(note.utf8.count)")
        }
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

    /// The model that is tuned, with its version.
    private func base(_ name: String?, for kind: JobKind) async throws -> String? {
        guard let name else {
            guard kind.needsBase != true else {
                throw SqzError.invalidOption(
                    option: "base", reason: "is needed (--from): the model of which \(kind.name) makes another")
            }
            return nil
        }
        guard kind.tunes == true else {
            throw SqzError.invalidOption(option: "base", reason: "\(kind.name) tunes no model")
        }
        return try await version(of: name)
    }

    /// What the job uses, with its version, or by its name and the job that is to make it, and the jobs that are to make others of
    /// this name; or the name of what it makes.
    private func model(
        _ name: String?, for kind: JobKind, _ dataset: Dataset?, _ after: [Dependency], _ peer: Peer
    ) async throws -> (name: String?, maker: Int?, makers: [Int]) {
        switch kind.model {
        case .none:
            if name != nil {
                throw SqzError.invalidOption(option: "model", reason: "\(kind.name) has nothing to do with models")
            }
            return (nil, nil, [])
        case .used:
            let (choice, makers) =
                if let name {
                    try await store.model(name, after: after)
                } else {
                    (ModelChoice.made(try await model(nil, for: peer)), [Int]())
                }
            switch choice {
            case .made(let stored):
                let name = "\(stored.model.name)@\(stored.model.version)"
                try dataset.map { try kind.check($0, with: name, of: stored.model.classes) }
                return (name, nil, makers)
            case .toCome(let name, let maker):
                if let dataset, let other = maker.dataset, try await registry.kind(maker.kind).kind.sameClasses == true
                {
                    let classes = try await store.dataset(other).classes
                    try kind.check(dataset, with: "what job \(maker.id) is to make", of: classes)
                }
                return (name, maker.id, makers)
            }
        case .made:
            let name = name ?? dataset?.name ?? kind.name
            return (try await checkName(name, of: .model, option: "model", by: peer), nil, [])
        }
    }
}

extension QueueLimits {
    /// Those of this daemon.
    static var current: QueueLimits {
        QueueLimits(jobs: Limits.queuedJobs, perUser: Limits.queuedJobsPerUser)
    }
}
