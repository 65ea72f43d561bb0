internal import FoundationEssentials
internal import Glibc
internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func models() async throws -> ModelsInterface.List.Reply { .init(models: try await store.models()) }

    func model(_ parameters: ModelsInterface.Show.Parameters) async throws -> ModelsInterface.Show.Reply {
        let stored = try await store.model(parameters.model)
        return .init(model: stored.model, layers: stored.layers)
    }

    func removeModel(_ parameters: ModelsInterface.Remove.Parameters, from peer: Peer) async throws
        -> ModelsInterface.Remove.Reply
    {
        let model = try await store.model(parameters.model).model
        try authorize(peer, for: model.uid)
        let blobs = blobs
        let name = "\(model.name)@\(model.version)"
        try await store.removeModel(name) { try blobs.remove($0) }
        return .init(model: name)
    }

    func readModel(_ parameters: ModelsInterface.Read.Parameters) async throws -> ModelsInterface.Read.Reply {
        let model = try await store.model(parameters.model).model
        guard (0...model.size).contains(parameters.offset) else {
            throw ServiceError.invalidParameter(parameter: "offset")
        }
        let path = blobs.path(model.sha256)
        let bytes = try await onDisk { try Blobs.piece(of: path, at: parameters.offset, size: Limits.chunkBytes) }
        return .init(data: Data(bytes).base64EncodedString(), size: model.size)
    }

    func importModel(
        _ parameters: ModelsInterface.Import.Parameters, from peer: Peer
    ) async throws -> ModelsInterface.Import.Reply {
        try stopping.check()
        try checkName(parameters.name, option: "name")
        try await checkOwner(of: parameters.name, option: "name", peer)
        let (uploads, blobs, log) = (uploads, blobs, RunnerJournal(log, [:]))
        let path = try await onDisk { try uploads.finished(parameters.sha256, by: peer.uid) }
        let runner = try await registry.classifier()
        let made: MadeModel
        do {
            made = try await imports.run {
                try await RunnerLink.with(
                    runner.path, configuration.current, log: { log.write($0) }
                ) { link in
                    try await link.call(RunnerInterface.Inspect.self, .init(model: path)).model.checked()
                }
            }
        } catch SqzError.badModel(let reason) {
            // What is no model will not become one.
            try await onDisk { try uploads.remove(parameters.sha256, by: peer.uid) }
            throw SqzError.badModel(reason: reason)
        }
        let sealed = try await onDisk { try blobs.seal(path) }
        let model = try await store.addModel(
            NewModel(
                name: parameters.name, sha256: sealed.sha256, size: sealed.size, runner: runner.name, made: made,
                uid: Int(peer.uid), warning: made.warning, isByAdministrator: isAdministrator(peer)), at: Clock.now()
        ) { try blobs.place(sealed) }
        return .init(model: model)
    }
}
