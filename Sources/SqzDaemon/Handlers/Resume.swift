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
        let job = try await store.job(id)
        try authorize(peer, for: job.uid)
        guard let changes = try await store.move(id, from: states, to: .queued, reason: reason, at: Clock.now()) else {
            throw SqzError.wrongState(id: id, state: .running)
        }
        try await announcer.announce(changes)
        await scheduler.wake()
        return try await store.job(id)
    }
}
