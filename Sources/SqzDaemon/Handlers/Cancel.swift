internal import JobStore
internal import SqzProtocol

extension Handlers {
    func cancel(_ parameters: JobsInterface.Cancel.Parameters, from peer: Peer) async throws
        -> JobsInterface.Cancel.Reply
    {
        let job = try await change(
            parameters.id, to: .cancelled, from: [.queued, .paused], "cancelled by uid \(peer.uid)", by: peer)
        return .init(job: job)
    }

    /// Lets the owner of a job, or an administrator, change its state; gives the job as it is then.
    func change(_ id: Int, to next: State, from states: Set<State>, _ reason: String, by peer: Peer) async throws -> Job
    {
        try authorize(peer, for: try await store.job(id).uid)
        try await scheduler.ask(id, Scheduler.Intent(state: next, reason: reason), from: states)
        return try await job(id)
    }
}
