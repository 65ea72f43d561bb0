internal import FoundationEssentials
internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func models() async throws -> ModelsInterface.List.Reply {
        let loaded = warm.files
        return .init(models: try await store.models().map { $0.with(loaded: loaded) })
    }

    func model(_ parameters: ModelsInterface.Show.Parameters) async throws -> ModelsInterface.Show.Reply {
        let stored = try await store.model(parameters.model)
        return .init(
            model: stored.model.with(loaded: warm.files), layers: stored.layers, history: stored.history,
            serving: serving(try await store.serving(of: stored.model.name)))
    }

    func removedModels() async throws -> ModelsInterface.Removed.Reply {
        .init(removed: try await store.removedModels(limit: Limits.listedRemovals))
    }

    func removeModel(_ parameters: ModelsInterface.Remove.Parameters, from peer: Peer) async throws
        -> ModelsInterface.Remove.Reply
    {
        let blobs = blobs
        let removed = try await store.removeModels(
            parameters.model, all: parameters.all ?? false, by: Int(peer.uid), at: Clock.now(),
            check: { maker, owner in
                // Whoever owns the name may, too.
                if owner != Int(peer.uid) { try authorize(peer, for: maker) }
            },
            remove: { try blobs.remove($0) })
        housekeeping.wake()
        await warm.keepPinned()
        for model in removed { await warm.forget(model) }
        let names = removed.map { "\($0.name)@\($0.version)" }
        return .init(model: names.first, removed: names)
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
}

extension Model {
    /// And whether it has a runner, given the checksums of the files that have.
    fileprivate func with(loaded files: Set<String>) -> Model {
        var model = self
        model.loaded = files.contains(sha256)
        return model
    }
}
