internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func limit(_ parameters: JobsInterface.Limit.Parameters, from peer: Peer) async throws
        -> JobsInterface.Limit.Reply
    {
        try authorize(peer, for: try await store.job(parameters.id).uid)
        let (deadline, timeLimit) = (parameters.deadline, parameters.timeLimit)
        guard deadline != nil || timeLimit != nil else {
            throw SqzError.invalidOption(option: "deadline", reason: "say which, or which time limit; 0 is none")
        }
        if deadline != 0 { try check(deadline: deadline) }
        if timeLimit != 0 { try check(timeLimit: timeLimit) }
        let (before, job) = try await store.limit(
            parameters.id, deadline: deadline, timeLimit: timeLimit, at: Clock.now())
        announcer.announceLimits(of: job, before: before, by: peer)
        scheduler.wake()
        return .init(job: try await self.job(job.id))
    }

    /// Whether a job may have so many seconds.
    func check(timeLimit limit: Int?) throws {
        if let limit, !(1...Limits.longestTime).contains(limit) {
            throw SqzError.invalidOption(
                option: "timeLimit", reason: "must be from 1 to \(Limits.longestTime) seconds, is \(limit)")
        }
    }

    /// Whether a job may have until this moment.
    func check(deadline: Int?) throws {
        guard let deadline else { return }
        let now = Clock.now()
        guard deadline > now else {
            throw SqzError.invalidOption(option: "deadline", reason: "has passed: \(Timestamp.text(deadline))")
        }
        let latest = now + Limits.longestTime * 1_000_000
        guard deadline <= latest else {
            throw SqzError.invalidOption(
                option: "deadline", reason: "must be at \(Timestamp.text(latest)) or before")
        }
    }
}
