internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func sweep(_ parameters: JobsInterface.ShowSweep.Parameters) async throws -> JobsInterface.ShowSweep.Reply {
        var (sweep, members) = try await store.sweep(parameters.name, scheduler.outlook)
        for index in members.indices { members[index].job = withLiveProgress(members[index].job).inList }
        return .init(sweep: sweep, members: members, groups: SweepGroup.all(of: members, repeated: sweep.repeated))
    }

    func changeSweep(_ parameters: JobsInterface.ChangeSweep.Parameters, from peer: Peer) async throws
        -> JobsInterface.ChangeSweep.Reply
    {
        let name = parameters.name
        try authorize(peer, for: try await store.sweep(name).uid)
        guard (parameters.priority != nil) == (parameters.action == .prioritize) else {
            throw SqzError.invalidOption(option: "priority", reason: "is for the action prioritize, which needs it")
        }
        let ids =
            switch parameters.action {
            case .cancel:
                try await scheduler.ask(
                    sweep: name, .init(state: .cancelled, reason: "cancelled by uid \(peer.uid)"),
                    from: [.queued, .paused])
            case .pause:
                try await scheduler.ask(
                    sweep: name, .init(state: .paused, reason: "paused by uid \(peer.uid)"), from: [.queued])
            case .resume: try await putBack(sweep: name, from: [.paused], "resumed by uid \(peer.uid)")
            case .retry: try await putBack(sweep: name, from: [.failed, .cancelled], "retried by uid \(peer.uid)")
            case .prioritize: try await prioritize(sweep: name, parameters.priority ?? 0, by: peer)
            }
        let changed = Set(ids)
        let members = try await store.sweep(name, scheduler.outlook).members
        guard !changed.isEmpty else {
            let counts = State.allCases.compactMap { state in
                let count = members.count { $0.job.state == state }
                return count == 0 ? nil : "\(count) \(state.rawValue)"
            }
            throw SqzError.invalidOption(
                option: "id",
                reason: "no job of sweep \(name) is in a state for that: \(counts.joined(separator: ", "))")
        }
        return .init(jobs: members.map(\.job).filter { changed.contains($0.id) }.map { withLiveProgress($0).inList })
    }

    private func putBack(sweep name: String, from states: Set<State>, _ reason: String) async throws -> [Int] {
        let changes = try await store.putBack(
            sweep: name, from: states, reason: reason, at: Clock.now(), limits: .current)
        try await announcer.announce(changes)
        scheduler.wake()
        return changes.map(\.job.id)
    }

    private func prioritize(sweep name: String, _ priority: Int, by peer: Peer) async throws -> [Int] {
        try check(priority, of: peer)
        let changes = try await store.prioritize(sweep: name, priority)
        for (before, job) in changes { announcer.announcePriority(of: job, before: before, by: peer) }
        scheduler.wake()
        return changes.map(\.job.id)
    }
}
