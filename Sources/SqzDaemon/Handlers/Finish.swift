internal import JobStore
internal import SqzProtocol

extension Handlers {
    func finish(_ parameters: JobsInterface.Finish.Parameters, from peer: Peer) async throws
        -> JobsInterface.Finish.Reply
    {
        let job = try await store.job(parameters.id)
        try authorize(peer, for: job.uid)
        guard job.state != .succeeded, job.state != .cancelled else {
            throw SqzError.jobEnded(id: job.id, state: job.state)
        }
        guard try await registry.kind(job.kind).kind.finishes == true else {
            throw SqzError.invalidOption(
                option: "id",
                reason:
                    "job \(job.id) can't be finished: the runner \(job.runner) does not do that with \(job.kind) jobs")
        }
        if job.state != .running, try await !scheduler.hasCheckpoint(job.id) {
            throw SqzError.invalidOption(
                option: "id",
                reason:
                    "job \(job.id) has no checkpoint that a model could be made of; it has to run before it is finished"
            )
        }
        try await scheduler.finish(job.id, Finish(.succeeded, reason: "asked for by uid \(peer.uid)"))
        return .init(job: try await self.job(job.id))
    }
}
