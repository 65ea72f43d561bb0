internal import JobStore
internal import SqzProtocol

// Jobs that end early with a model of what they have.
extension Scheduler {
    /// Whether a job that is about to be cancelled, or whose time is over, makes a model of what it has before. One that is asked
    /// twice does not.
    func leavesPart(_ id: Int) async throws -> Bool {
        let job = try await store.job(id)
        guard job.keepPartial == true, job.finishing != true, !job.state.isEnd else { return false }
        if job.state == .running { return true }
        return try await hasCheckpoint(id)
    }

    /// Whether there is anything that a job which does not run could go on from.
    nonisolated func hasCheckpoint(_ id: Int) async throws -> Bool {
        let state = state
        return try await onDisk { try state.bytes(of: id).checkpoints > 0 }
    }

    /// A job that runs makes a model of what it has after its step, and then ends as `finish` says; one that waits or has failed
    /// does when its turn comes. Throws as `JobStore.finish`. With `ifDue` nothing becomes of a job whose time is not over.
    func finish(_ id: Int, _ finish: Finish, ifDue due: Int? = nil) async throws {
        guard
            let (before, changes) = try await store.finish(id, finish, at: Clock.now(), limits: .current, ifDue: due)
        else { return }
        if before.state == .running {
            // The store calls it running: it is here by now, or about to be.
            if let entry = running[id] {
                entry.requests.finishes.continuation.yield()
            } else {
                toldToFinishWhileStarting.insert(id)
            }
        }
        announcer.announceFinish(of: before, finish)
        try await announcer.announce(changes)
        wake()
    }
}
