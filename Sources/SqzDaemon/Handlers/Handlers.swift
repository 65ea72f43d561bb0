internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// What the methods work on. Each method is a function of the same name in a file of its own beside this one.
struct Handlers: Sendable {
    let store: JobStore
    let state: StateDirectory
    let blobs: Blobs
    let uploads: Uploads
    let disk: DiskUse
    let scheduler: Scheduler
    let registry: RunnerRegistry
    let warm: WarmRunners
    let imports: Admission
    let announcer: Announcer
    let configuration: LiveConfiguration
    let startedAt: Int
    let stopping: Stopping
    let turns: Turns
    let counters: Counters
    let log: Logger

    /// Methods whose replies end only with what they tell of.
    static let endless: Set = [JobsInterface.Watch.name, JobsInterface.Monitor.name]

    /// Answers a call: the one list of what the daemon does.
    func dispatch(_ call: Call, from peer: Peer, to replies: Replies) async throws {
        counters.calls.add(1, ordering: .relaxed)
        func answer<M: VarlinkMethod>(_ method: M.Type, _ body: (M.Parameters) async throws -> M.Reply) async throws {
            let parameters = try call.parameters(M.Parameters.self)
            // A client that does not read its replies keeps no turn.
            let reply = try await turns.take(peer) { try await body(parameters) }
            try await replies.send(reply)
        }
        /// What waits for a runner takes no turn.
        func answerLater<M: VarlinkMethod>(
            _ method: M.Type, _ body: (M.Parameters) async throws -> M.Reply
        ) async throws {
            let parameters = try call.parameters(M.Parameters.self)
            try await replies.send(try await body(parameters))
        }
        func stream<M: VarlinkMethod>(
            _ method: M.Type, required: Bool = false, _ body: (M.Parameters) async throws -> Void
        ) async throws {
            guard call.mode == .more || !required else { throw ServiceError.expectedMore }
            try await body(try call.parameters(M.Parameters.self))
        }

        typealias Jobs = JobsInterface
        typealias Datasets = DatasetsInterface
        switch call.method {
        case ServiceInterface.GetInfo.name: try await answer(ServiceInterface.GetInfo.self) { _ in getInfo() }
        case ServiceInterface.GetInterfaceDescription.name:
            try await answer(ServiceInterface.GetInterfaceDescription.self) { try getInterfaceDescription($0) }

        case Jobs.Submit.name: try await answer(Jobs.Submit.self) { try await submit($0, from: peer) }
        case Jobs.List.name: try await answer(Jobs.List.self) { try await jobs($0) }
        case Jobs.Show.name: try await answer(Jobs.Show.self) { try await show($0) }
        case Jobs.Watch.name:
            try await stream(Jobs.Watch.self, required: true) { try await watch($0, to: replies) }
        case Jobs.Monitor.name:
            try await stream(Jobs.Monitor.self, required: true) { _ in try await monitor(to: replies) }
        case Jobs.Cancel.name: try await answer(Jobs.Cancel.self) { try await cancel($0, from: peer) }
        case Jobs.Pause.name: try await answer(Jobs.Pause.self) { try await pause($0, from: peer) }
        case Jobs.Resume.name: try await answer(Jobs.Resume.self) { try await resume($0, from: peer) }
        case Jobs.Retry.name: try await answer(Jobs.Retry.self) { try await retry($0, from: peer) }
        case Jobs.Prioritize.name: try await answer(Jobs.Prioritize.self) { try await prioritize($0, from: peer) }
        case Jobs.Logs.name: try await answer(Jobs.Logs.self) { try await logs($0) }
        case Jobs.Predictions.name:
            try await stream(Jobs.Predictions.self) { try await predictions($0, to: replies) }

        case InferenceInterface.Classify.name:
            try await answerLater(InferenceInterface.Classify.self) { try await classify($0) }

        case ModelsInterface.List.name: try await answer(ModelsInterface.List.self) { _ in try await models() }
        case ModelsInterface.Show.name: try await answer(ModelsInterface.Show.self) { try await model($0) }

        case ModelsInterface.Remove.name:
            try await answer(ModelsInterface.Remove.self) { try await removeModel($0, from: peer) }
        case ModelsInterface.Read.name: try await answer(ModelsInterface.Read.self) { try await readModel($0) }
        case ModelsInterface.Import.name:
            try await answerLater(ModelsInterface.Import.self) { try await importModel($0, from: peer) }

        case Datasets.List.name: try await answer(Datasets.List.self) { _ in try await datasets() }
        case Datasets.Show.name: try await answer(Datasets.Show.self) { try await dataset($0) }
        case Datasets.Remove.name: try await answer(Datasets.Remove.self) { try await removeDataset($0, from: peer) }
        case Datasets.Offer.name: try await answer(Datasets.Offer.self) { try await offer($0, from: peer) }
        case Datasets.Write.name: try await answer(Datasets.Write.self) { try await write($0, from: peer) }
        case Datasets.Import.name:
            try await stream(Datasets.Import.self) { try await importDataset($0, from: peer, to: replies) }

        case ManagerInterface.Info.name: try await answer(ManagerInterface.Info.self) { _ in try await info() }
        case ManagerInterface.Metrics.name: try await answer(ManagerInterface.Metrics.self) { _ in try await metrics() }
        case ManagerInterface.Runners.name: try await answer(ManagerInterface.Runners.self) { _ in runners() }

        default: throw unknown(call.method)
        }
    }

    private func unknown(_ method: String) -> ServiceError {
        let interface = method.lastIndex(of: ".").map { String(method[..<$0]) } ?? ""
        guard let description = InterfaceDescription.all.first(where: { $0.name == interface }) else {
            return .interfaceNotFound(interface: interface)
        }
        // io.sqzd.Runner is what runners serve; the daemon only describes it.
        return description.methods.contains(method)
            ? .methodNotImplemented(method: method) : .methodNotFound(method: method)
    }

    private func getInfo() -> ServiceInterface.GetInfo.Reply {
        .init(
            vendor: "sqzd", product: "sqzd", version: Version.current, url: "https://github.com/sqzd/sqzd",
            interfaces: InterfaceDescription.all.map(\.name))
    }

    private func getInterfaceDescription(
        _ parameters: ServiceInterface.GetInterfaceDescription.Parameters
    ) throws -> ServiceInterface.GetInterfaceDescription.Reply {
        guard let found = InterfaceDescription.all.first(where: { $0.name == parameters.interface }) else {
            throw ServiceError.interfaceNotFound(interface: parameters.interface)
        }
        return .init(description: found.text)
    }

    /// Refuses a model's name that belongs to another, unless an administrator wants it.
    func checkOwner(of name: String, option: String, _ peer: Peer) async throws {
        try await store.checkName(
            name, option: option, uid: Int(peer.uid), isByAdministrator: isAdministrator(peer))
    }

    func isAdministrator(_ peer: Peer) -> @Sendable () throws -> Bool {
        { [configuration] in try peer.isAdministrator(group: configuration.current.administrators) }
    }

    /// Refuses who is neither `owner` nor an administrator.
    func authorize(_ peer: Peer, for owner: Int) throws {
        guard Int(peer.uid) != owner else { return }
        guard try peer.isAdministrator(group: configuration.current.administrators) else {
            throw ServiceError.permissionDenied
        }
    }

    /// Refuses a name that a table, a path or `NAME@VERSION` could not hold.
    func checkName(_ name: String, option: String) throws {
        let isFine =
            !name.isEmpty && name.utf8.count <= Limits.nameBytes && !name.hasPrefix(".") && !name.hasPrefix("-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        guard isFine else {
            throw SqzError.invalidOption(
                option: option,
                reason:
                    "a name is letters, digits, '.', '_' and '-', \(Limits.nameBytes) at most, and begins with none of '.-'"
            )
        }
    }
}
