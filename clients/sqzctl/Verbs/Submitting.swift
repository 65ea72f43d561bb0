internal import Glibc
internal import SqzProtocol
internal import Varlink

/// What train, evaluate and predict share: a data set that may have to be imported first, a job, and following it.
struct Submitting {
    let kind: String
    let common: Common
    var data: String?
    var model: String?
    var options: [String: JSONValue] = [:]
    let queue: QueueOptions

    func run() throws {
        try checkNumbers()
        let dataset = try data.map(dataset)
        let parameters = JobsInterface.Submit.Parameters(
            kind: kind, options: options.isEmpty ? nil : options, dataset: dataset, model: model,
            priority: queue.priority, after: queue.dependencies.isEmpty ? nil : queue.dependencies,
            hold: queue.hold ? true : nil, timeLimit: queue.timeLimit?.seconds, deadline: queue.deadline?.microseconds)
        let reply = try Daemon(common).show(JobsInterface.Submit.self, parameters) { Output.line(String($0.id)) }
        if queue.follow { try Following.follow(reply.id, common) }
    }

    /// JSON has no such number, so that it is for the client to say what would be right.
    private func checkNumbers() throws {
        for (name, value) in options {
            guard case .number(let number) = value, !number.isFinite else { continue }
            let kinds = try Daemon(common.quiet).call(ManagerInterface.Runners.self, NoParameters()).runners
                .flatMap(\.kinds)
            let option = kinds.first { $0.name == kind }?.options.first { $0.name == name }
            throw SqzError.invalidOption(
                option: name, reason: "\(number) can't be used; right would be \(option?.values ?? "a number")")
        }
    }

    /// The name of a data set: one that is registered, else that of the path, which is imported.
    private func dataset(_ data: String) throws -> String {
        let daemon = try Daemon(common.quiet)
        if !data.contains("/") {
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
