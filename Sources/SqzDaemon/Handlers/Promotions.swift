internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

// Which version a name means, and what stays loaded. A model is verified and loaded before a name comes to mean it: whoever asks
// then gets it at once, and one that can't be loaded answers nobody.
extension Handlers {
    func promote(_ parameters: ModelsInterface.Promote.Parameters, from peer: Peer) async throws
        -> ModelsInterface.Promote.Reply
    {
        try stopping.check()
        try await authorize(peer, forModel: parameters.model)
        let model = try await store.promotable(parameters.model).model
        try await warm.load(model)
        // What was verified, wherever a tag has gone meanwhile.
        let isName = ModelReference(parameters.model)?.which == .promoted
        let meaning = try await store.promote(isName ? parameters.model : "\(model.name)@\(model.version)")
        await tell(meaning, "promoted", peer)
        return .init(model: meaning.model, before: meaning.before)
    }

    func rollBack(_ parameters: ModelsInterface.Rollback.Parameters, from peer: Peer) async throws
        -> ModelsInterface.Rollback.Reply
    {
        try stopping.check()
        try await authorize(peer, forModel: parameters.name)
        let model = try await store.previous(of: parameters.name).model
        try await warm.load(model)
        let meaning = try await store.rollBack(parameters.name, to: "\(model.name)@\(model.version)")
        await tell(meaning, "rolled back", peer)
        return .init(model: meaning.model, before: meaning.before)
    }

    private func tell(_ meaning: Meaning, _ what: String, _ peer: Peer) async {
        await warm.keepPinned()
        log.info(
            "\(meaning.model) is \(what)\(meaning.before.map { "; before it was \($0)" } ?? "")",
            metadata: ["SQZ_MODEL": "\(meaning.model)", "SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "promoted"])
    }

    func tag(_ parameters: ModelsInterface.Tag.Parameters, from peer: Peer) async throws -> ModelsInterface.Tag.Reply {
        try await authorize(peer, forModel: parameters.model)
        guard Self.isWord(parameters.tag) else {
            throw SqzError.invalidOption(
                option: "tag",
                reason: """
                    a tag is letters, at least one, digits, '.', '_' and '-', \(Limits.nameBytes) at most, and begins with none \
                    of '.-'
                    """)
        }
        let meaning = try await store.tag(parameters.model, as: parameters.tag)
        return .init(model: meaning.model, before: meaning.before)
    }

    func untag(_ parameters: ModelsInterface.Untag.Parameters, from peer: Peer) async throws
        -> ModelsInterface.Untag.Reply
    {
        try await authorize(peer, forModel: parameters.model)
        return .init(model: try await store.untag(parameters.model))
    }

    func load(_ parameters: ModelsInterface.Load.Parameters) async throws -> ModelsInterface.Load.Reply {
        let model = try await store.model(parameters.model).model
        try await warm.load(model)
        return .init(model: "\(model.name)@\(model.version)")
    }

    func unload(_ parameters: ModelsInterface.Unload.Parameters, from peer: Peer) async throws
        -> ModelsInterface.Unload.Reply
    {
        try await authorize(peer, forModel: parameters.model)
        let model = try await store.model(parameters.model).model
        try await warm.unload(model)
        return .init(model: "\(model.name)@\(model.version)")
    }

    func pin(_ parameters: ModelsInterface.Pin.Parameters, from peer: Peer) async throws -> ModelsInterface.Pin.Reply {
        try await authorize(peer, forModel: parameters.name)
        let model = try await store.model(parameters.name).model
        try await warm.load(model)
        try await store.pin(parameters.name)
        await warm.keepPinned()
        return .init(model: "\(model.name)@\(model.version)")
    }

    func unpin(_ parameters: ModelsInterface.Unpin.Parameters, from peer: Peer) async throws -> NoParameters {
        try await authorize(peer, forModel: parameters.name)
        try await store.unpin(parameters.name)
        await warm.keepPinned()
        return NoParameters()
    }
}
