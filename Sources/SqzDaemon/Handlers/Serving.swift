internal import JobStore
internal import Logging
internal import SqzProtocol

extension Handlers {
    func serve(
        _ parameters: ModelsInterface.Serve.Parameters, from peer: Peer
    ) async throws -> ModelsInterface.Serve.Reply {
        try await authorize(peer, forModel: parameters.name)
        for (option, value, range) in [
            ("maxBatch", parameters.maxBatch, 1...Limits.imagesPerCall),
            ("maxDelay", parameters.maxDelay, Limits.servingDelays),
            ("runners", parameters.runners, Limits.runnersPerModel),
            ("keep", parameters.keep, Limits.servingKeeps),
        ] {
            guard let value, !range.contains(value) else { continue }
            throw SqzError.invalidOption(
                option: option, reason: "must be from \(range.lowerBound) to \(range.upperBound), is \(value)")
        }
        let changes = ServingSettings(
            maxBatch: parameters.maxBatch, maxDelay: parameters.maxDelay, runners: parameters.runners,
            keep: parameters.keep)
        let (settings, name) = try await store.set(changes, of: parameters.name, reset: parameters.reset ?? false)
        await warm.apply(settings, to: name)
        log.info(
            "how model \(name) is served was set", metadata: ["SQZ_MODEL": "\(name)", "SQZ_UID": "\(peer.uid)"])
        return .init(serving: serving(settings))
    }

    /// And what holds where nobody has said anything.
    func serving(_ settings: ServingSettings) -> Serving {
        Serving(
            maxBatch: settings.maxBatch ?? Limits.imagesPerBatch,
            maxDelay: settings.maxDelay ?? Limits.servingDelays.lowerBound,
            runners: settings.runners ?? Limits.runnersPerModel.lowerBound,
            keep: settings.keep ?? Int(configuration.current.unloadAfter.components.seconds))
    }
}
