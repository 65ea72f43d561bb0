internal import JobStore
internal import SqzProtocol

extension Handlers {
    func resume(_ parameters: JobsInterface.Resume.Parameters, from peer: Peer) async throws
        -> JobsInterface.Resume.Reply
    {
        .init(job: try await putBack(parameters.id, from: [.paused], "resumed by uid \(peer.uid)", by: peer))
    }

    /// Puts a job that neither waits nor runs back into the queue.
    func putBack(_ id: Int, from states: Set<State>, _ reason: String, by peer: Peer) async throws -> Job {
        try authorize(peer, for: try await store.job(id).uid)
        let changes = try await store.putBack(id, from: states, reason: reason, at: Clock.now(), limits: .current)
        try await announcer.announce(changes)
        scheduler.wake()
        return try await job(id)
    }
}
