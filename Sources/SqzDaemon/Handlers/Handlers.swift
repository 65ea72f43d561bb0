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
    let turns: Turns<Peer>
    /// Uploads as bytes that are under way.
    let uploading = Turns<Peer>(places: Limits.uploadsAtOnce)
    let exports = Admission(places: Limits.exports)
    /// A user's exports wait for each other.
    let exporting = Turns<Peer>(places: 1)
    let backups = Admission(places: Limits.backups)
    let diagnosing = Turns<Int>(places: 1)
    let counters: Counters
    let housekeeping: Housekeeping
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
        case .jobs(.submitSweep):
            _ = try await registry.entries
            try await answer { try await submitSweep($0, from: peer) }
        case .jobs(.showSweep): try await answer(sweep)
        case .jobs(.changeSweep): try await answer { try await changeSweep($0, from: peer) }
        case .jobs(.list): try await answer(jobs)
        case .jobs(.show): try await answer(show)
        case .jobs(.watch): try await stream(required: true) { try await watch($0, to: replies) }
        case .jobs(.monitor):
            try await stream(required: true) { (_: NoParameters) in try await monitor(to: replies) }
        case .jobs(.cancel): try await answer { try await cancel($0, from: peer) }
        case .jobs(.finish): try await answer { try await finish($0, from: peer) }
        case .jobs(.pause): try await answer { try await pause($0, from: peer) }
        case .jobs(.resume): try await answer { try await resume($0, from: peer) }
        case .jobs(.retry): try await answer { try await retry($0, from: peer) }
        case .jobs(.prioritize): try await answer { try await prioritize($0, from: peer) }
        case .jobs(.limit): try await answer { try await limit($0, from: peer) }
        case .jobs(.remove): try await answer { try await removeJob($0, from: peer) }
        case .jobs(.logs): try await answer(logs)
        case .jobs(.predictions): try await stream { try await predictions($0, to: replies) }

        case .inference(.classify): try await stream { try await classify($0, from: peer, to: replies) }

        case .models(.list): try await answer(models)
        case .models(.show): try await answer(model)
        case .models(.remove): try await answer { try await removeModel($0, from: peer) }
        case .models(.read): try await answer(readModel)
        case .models(.export):
            try await stream(required: true) { try await exportModel($0, from: peer, to: replies) }
        case .models(.import): try await answerLater { try await importModel($0, from: peer) }
        case .models(.removed): try await answer(removedModels)
        case .models(.promote): try await answerLater { try await promote($0, from: peer) }
        case .models(.rollback): try await answerLater { try await rollBack($0, from: peer) }
        case .models(.tag): try await answer { try await tag($0, from: peer) }
        case .models(.untag): try await answer { try await untag($0, from: peer) }
        case .models(.rename): try await answer { try await rename($0, from: peer) }
        case .models(.give): try await answer { try await giveModel($0, from: peer) }
        case .models(.load): try await answerLater(load)
        case .models(.unload): try await answer { try await unload($0, from: peer) }
        case .models(.pin): try await answerLater { try await pin($0, from: peer) }
        case .models(.serve): try await answer { try await serve($0, from: peer) }
        case .models(.unpin): try await answer { try await unpin($0, from: peer) }

        case .datasets(.list): try await answer(datasets)
        case .datasets(.show): try await answer(dataset)
        case .datasets(.remove): try await answer { try await removeDataset($0, from: peer) }
        case .datasets(.give): try await answer { try await giveDataset($0, from: peer) }
        case .datasets(.offer): try await answer { try await offer($0, from: peer) }
        case .datasets(.write): try await answer { try await write($0, from: peer) }
        case .datasets(.picture): try await answerLater(datasetPicture)
        case .datasets(.upload):
            // With `upgrade` it is no call among others: see `upload`.
            throw SqzError.invalidOption(
                option: "upgrade", reason: "must be true: after the reply, the connection carries the file's bytes")
        case .datasets(.import): try await stream { try await importDataset($0, from: peer, to: replies) }

        case .manager(.info): try await answer(info)
        case .manager(.metrics): try await answer(metrics)
        case .manager(.backup):
            try await stream(required: true) { (_: NoParameters) in try await backUp(from: peer, to: replies) }
        case .manager(.diagnose): try await answer(diagnose)
        case .manager(.disk): try await answer(diskParts)
        case .manager(.prune): try await answer { try await prune($0, from: peer) }
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

    /// Refuses who is neither `owner` nor an administrator.
    func authorize(_ peer: Peer, for owner: Int) throws {
        guard Int(peer.uid) != owner else { return }
        guard try peer.isAdministrator(group: configuration.current.administrators) else {
            throw ServiceError.permissionDenied
        }
    }
}
