internal import JobStore
internal import SqzProtocol

extension Handlers {
    func resume(_ parameters: JobsInterface.Resume.Parameters, from peer: Peer) async throws
        -> JobsInterface.Resume.Reply
    {
        .init(
            job: try await putBack(
                parameters.id, from: [.paused], parameters.ranks, parameters.launcher, "resumed by uid \(peer.uid)",
                by: peer))
    }

    /// Puts a job that neither waits nor runs back into the queue, as so many ranks as are said.
    func putBack(
        _ id: Int, from states: Set<State>, _ ranks: Int?, _ launcher: String?, _ reason: String, by peer: Peer
    ) async throws -> Job {
        let before = try await store.job(id)
        try authorize(peer, for: before.uid)
        var launch = LaunchChange.unchanged
        if ranks != nil || launcher != nil {
            let kind = try await registry.kind(before.kind).kind
            launch = .to(try await self.launch(ranks ?? before.ranks, launcher, of: kind, before.runner, by: peer))
        }
        let changes = try await store.putBack(
            id, from: states, launch, reason: reason, at: Clock.now(), limits: .current)
        try await announcer.announce(changes)
        scheduler.wake()
        return try await job(id)
    }
}
