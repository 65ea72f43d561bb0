internal import JobStore
internal import SqzProtocol

extension Handlers {
    func cancel(_ parameters: JobsInterface.Cancel.Parameters, from peer: Peer) async throws
        -> JobsInterface.Cancel.Reply
    {
        let job = try await store.job(parameters.id)
        try authorize(peer, for: job.uid)
        guard !job.state.isEnd else { throw SqzError.jobEnded(id: job.id, state: job.state) }
        try await scheduler.cancel(job.id, reason: "cancelled by uid \(peer.uid)")
        return .init(job: try await store.job(job.id))
    }
}
