internal import Glibc
internal import SqzProtocol
internal import Varlink

/// What train, evaluate and predict share: a data set that may have to be imported first, a job, and following it.
struct Submitting {
    let kind: String
    let common: Common
    var data: String?
    var model: String?
    var base: String?
    var options: [String: JSONValue] = [:]
    var keepsPartial = false
    /// What it makes is evaluated by a second job.
    var isEvaluated = false
    let queue: QueueOptions
    var processes = RankOptions?.none
    var events: EventFolder?
    var sweep = Optional<SweepOptions>.none

    /// Gives the ids of the jobs; those of a sweep were told.
    @discardableResult
    func run() throws -> [Int] {
        try checkNumbers()
        if let sweep, try submit(sweep) { return [] }
        let dataset = try data.map(dataset)
        let parameters = JobsInterface.Submit.Parameters(
            kind: kind, options: options.isEmpty ? nil : options, dataset: dataset, model: model,
            priority: queue.priority, after: queue.dependencies.isEmpty ? nil : queue.dependencies,
            hold: queue.hold ? true : nil, timeLimit: queue.timeLimit?.seconds, deadline: queue.deadline?.microseconds,
            base: base, keepPartial: keepsPartial ? true : nil, name: queue.jobName, note: queue.note,
            ranks: processes?.ranks, launcher: processes?.launcher)
        var ids = [try submit(parameters)]
        if isEvaluated { ids.append(try evaluate(ids[0])) }
        if queue.follow || events != nil { try Following.follow(ids, common, showsClasses: true, events: events) }
        return ids
    }

    private func submit(_ parameters: JobsInterface.Submit.Parameters) throws -> Int {
        try Daemon(common).show(JobsInterface.Submit.self, parameters) { reply in
            Output.line(String(reply.id))
            tell(reply, after: parameters.after ?? [])
        }.id
    }

    /// Which version is meant, where there are others to come and nobody said which.
    private func tell(_ reply: JobsInterface.Submit.Reply, after: [Dependency]) {
        guard let model = reply.model, let makers = reply.makers, let last = makers.last,
            !after.contains(where: { $0.job == reply.maker })
        else { return }
        let isOne = makers.count == 1
        let jobs = (isOne ? "job " : "jobs ") + makers.map(String.init).joined(separator: ", ")
        Output.error(
            reply.maker.map {
                "uses \(model) as job \($0) makes it; \(jobs) \(isOne ? "makes" : "make") another version"
            }
                ?? """
                uses \(model); \(jobs) \(isOne ? "is" : "are") to make another version (--after \(last) waits for that)
                """)
    }

    /// A job that measures what another one makes.
    private func evaluate(_ maker: Int) throws -> Int {
        let training = try Daemon(common.quiet).call(JobsInterface.Show.self, .init(id: maker)).job
        return try submit(
            .init(
                kind: "evaluate", dataset: training.dataset, model: training.model, priority: queue.priority,
                after: [Dependency(job: maker, condition: .success)]))
    }

    /// Submits a job for each member of a sweep, and prints its name; false where nothing was said of one.
    private func submit(_ sweep: SweepOptions) throws -> Bool {
        guard sweep.isGiven else {
            guard !sweep.promoteBest else {
                throw UsageError(description: "--promote-best is of a sweep: --sweep, --seeds")
            }
            return false
        }
        guard !keepsPartial, !isEvaluated else {
            throw UsageError(description: "--keep-partial and --then-evaluate are of one training, not of a sweep")
        }
        // Before a data set is imported.
        let members = try sweep.members(of: try declared(), shared: options)
        let parameters = JobsInterface.SubmitSweep.Parameters(
            kind: kind, members: members, options: options.isEmpty ? nil : options, name: queue.jobName,
            note: queue.note, repeated: sweep.repeated, promoteBest: sweep.promoteBest ? true : nil,
            dataset: try data.map(dataset), model: model, priority: queue.priority,
            after: queue.dependencies.isEmpty ? nil : queue.dependencies, hold: queue.hold ? true : nil,
            timeLimit: queue.timeLimit?.seconds, deadline: queue.deadline?.microseconds, base: base,
            ranks: processes?.ranks, launcher: processes?.launcher)
        let reply = try Daemon(common).show(JobsInterface.SubmitSweep.self, parameters) { reply in
            Output.line(reply.name)
            Output.error(
                "\(Format.count(reply.ids.count, "job")): \(reply.ids[0]) to \(reply.ids[reply.ids.count - 1])"
            )
        }
        if queue.follow || events != nil {
            try Following.follow(reply.ids, common, showsClasses: false, events: events)
        }
        return true
    }

    /// What the daemon says of the kind.
    private func declared() throws -> JobKind {
        let kinds = try Daemon(common.quiet).call(ManagerInterface.Runners.self, NoParameters()).runners
            .flatMap(\.kinds)
        guard let declared = kinds.first(where: { $0.name == kind }) else {
            throw SqzError.noSuchKind(kind: kind, kinds: kinds.map(\.name))
        }
        return declared
    }

    /// JSON has no such number, so that it is for the client to say what would be right.
    private func checkNumbers() throws {
        for (name, value) in options {
            guard case .number(let number) = value, !number.isFinite else { continue }
            let option = try declared().options.first { $0.name == name }
            throw SqzError.invalidOption(
                option: name, reason: "\(number) can't be used; right would be \(option?.values ?? "a number")")
        }
    }

    /// The name of a data set: one that is registered, else that of the path, which is imported.
    private func dataset(_ data: String) throws -> String {
        let daemon = try Daemon(common.quiet)
        // One slash may stand between a user and a name, too.
        if data.split(separator: "/", omittingEmptySubsequences: false).count <= 2, !data.hasPrefix("/"),
            !data.hasPrefix("."), !data.hasSuffix("/")
        {
            do {
                return try daemon.call(DatasetsInterface.Show.self, .init(dataset: data)).dataset.name
            } catch let error as VarlinkError {
                guard case .noSuchDataset? = SqzError(error), access(data, F_OK) == 0 else { throw error }
            }
        }
        let name = try Importing.name(for: data)
        try Importing(daemon: daemon, path: data).run(as: name) { dataset in
            Output.error(
                "data set \(dataset.name): \(Format.count(dataset.train, "picture")) to train, \(Format.number(dataset.test)) to test"
            )
        }
        return name
    }
}

extension String {
    /// Of a model's the name without the version, and without the user whose name it is: under that only its owner makes models.
    var ownName: String {
        let name = split(separator: "@", omittingEmptySubsequences: false)[0]
        return name.split(separator: "/").last.map(String.init) ?? ""
    }
}
