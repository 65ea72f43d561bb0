internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func prioritize(_ parameters: JobsInterface.Prioritize.Parameters, from peer: Peer) async throws
        -> JobsInterface.Prioritize.Reply
    {
        try authorize(peer, for: try await store.job(parameters.id).uid)
        try check(parameters.priority, of: peer)
        let (before, job) = try await store.prioritize(parameters.id, parameters.priority)
        announcer.announcePriority(of: job, before: before, by: peer)
        scheduler.wake()
        return .init(job: try await self.job(job.id))
    }

    /// Whether a job may have this priority if this user says so.
    func check(_ priority: Int, of peer: Peer) throws {
        guard Limits.priorities.contains(priority) else {
            throw SqzError.invalidOption(
                option: "priority",
                reason:
                    "must be from \(Limits.priorities.lowerBound) to \(Limits.priorities.upperBound), is \(priority)")
        }
        if priority > 0, try !peer.isAdministrator(group: configuration.current.administrators) {
            throw ServiceError.permissionDenied
        }
    }
}
