internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// What the methods work on. Each is a function in one of the files beside this one.
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
        func answer<P: Decodable, R: Encodable>(_ body: (P) async throws -> R) async throws {
            let parameters = try call.parameters(P.self)
            // A client that does not read its replies keeps no turn.
            let reply = try await turns.take(peer) { try await body(parameters) }
            try await replies.send(reply)
        }
        func answer<R: Encodable>(_ body: () async throws -> R) async throws {
            try await answer { (_: NoParameters) in try await body() }
        }
        /// What waits for a runner takes no turn.
        func answerLater<P: Decodable, R: Encodable>(_ body: (P) async throws -> R) async throws {
            let parameters = try call.parameters(P.self)
            try await replies.send(try await body(parameters))
        }
        func stream<P: Decodable>(required: Bool = false, _ body: (P) async throws -> Void) async throws {
            guard call.mode == .more || !required else { throw ServiceError.expectedMore }
            try await body(try call.parameters(P.self))
        }

        guard let method = SqzMethod(call.method) else { throw unknown(call.method) }
        switch method {
        case .service(.getInfo): try await answer(getInfo)
        case .service(.getInterfaceDescription): try await answer(getInterfaceDescription)

        case .jobs(.submit):
            // After a start, runners may not have said yet what they are; nobody's turn waits for that.
            _ = try await registry.entries
            try await answer { try await submit($0, from: peer) }
        case .jobs(.list): try await answer(jobs)
        case .jobs(.show): try await answer(show)
        case .jobs(.watch): try await stream(required: true) { try await watch($0, to: replies) }
        case .jobs(.monitor):
            try await stream(required: true) { (_: NoParameters) in try await monitor(to: replies) }
        case .jobs(.cancel): try await answer { try await cancel($0, from: peer) }
        case .jobs(.pause): try await answer { try await pause($0, from: peer) }
        case .jobs(.resume): try await answer { try await resume($0, from: peer) }
        case .jobs(.retry): try await answer { try await retry($0, from: peer) }
        case .jobs(.prioritize): try await answer { try await prioritize($0, from: peer) }
        case .jobs(.limit): try await answer { try await limit($0, from: peer) }
        case .jobs(.logs): try await answer(logs)
        case .jobs(.predictions): try await stream { try await predictions($0, to: replies) }

        case .inference(.classify): try await answerLater(classify)

        case .models(.list): try await answer(models)
        case .models(.show): try await answer(model)
        case .models(.remove): try await answer { try await removeModel($0, from: peer) }
        case .models(.read): try await answer(readModel)
        case .models(.import): try await answerLater { try await importModel($0, from: peer) }

        case .datasets(.list): try await answer(datasets)
        case .datasets(.show): try await answer(dataset)
        case .datasets(.remove): try await answer { try await removeDataset($0, from: peer) }
        case .datasets(.offer): try await answer { try await offer($0, from: peer) }
        case .datasets(.write): try await answer { try await write($0, from: peer) }
        case .datasets(.import): try await stream { try await importDataset($0, from: peer, to: replies) }

        case .manager(.info): try await answer(info)
        case .manager(.metrics): try await answer(metrics)
        case .manager(.runners): try await answerLater { (_: NoParameters) in try await runners() }

        // It is what runners serve; the daemon only describes it.
        case .runner: throw ServiceError.methodNotImplemented(method: call.method)
        }
    }

    private func unknown(_ method: String) -> ServiceError {
        let interface = method.lastIndex(of: ".").map { String(method[..<$0]) } ?? ""
        return InterfaceDescription.all.contains { $0.name == interface }
            ? .methodNotFound(method: method) : .interfaceNotFound(interface: interface)
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
