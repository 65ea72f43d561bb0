internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func diskParts() async throws -> ManagerInterface.Disk.Reply {
        let (state, limits) = (state, configuration.current)
        let (records, free) = try await onDisk { (try state.databaseBytes(), try state.freeBytes()) }
        return .init(
            parts: try await disk.parts(), database: records, databaseUnused: try await store.unusedBytes(),
            freeDisk: free, userLimit: limits.userDiskMiB << 20, limit: limits.diskMiB << 20,
            reserve: limits.freeDiskMiB << 20)
    }

    func prune(_ parameters: ManagerInterface.Prune.Parameters, from peer: Peer) async throws
        -> ManagerInterface.Prune.Reply
    {
        let kinds = PruneKind.allCases.filter(parameters.what.contains)
        guard !kinds.isEmpty else {
            let all = PruneKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw SqzError.invalidOption(option: "what", reason: "say what; there are \(all)")
        }
        guard parameters.everyone != true || parameters.uid == nil else {
            throw SqzError.invalidOption(option: "uid", reason: "give either a user, or everyone")
        }
        let uid = parameters.everyone == true ? nil : parameters.uid ?? Int(peer.uid)
        // Nobody is everyone's owner.
        try authorize(peer, for: uid ?? -1)
        let isDry = parameters.dryRun == true
        var pruned: [PrunedPart] = []
        for kind in kinds {
            pruned +=
                try await isDry
                ? prunable(
                    kind, of: uid, before: parameters.before, isAfterJobs: kind != .jobs && kinds.contains(.jobs))
                : prune(kind, of: uid, before: parameters.before)
        }
        if !isDry, !pruned.isEmpty {
            housekeeping.wake()
            announcer.watchers.publishChange()
            let what = pruned.map { "\($0.count) \($0.what.rawValue) of uid \($0.uid)" }.joined(separator: ", ")
            log.info("uid \(peer.uid) removed \(what)", metadata: ["SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "pruned"])
        }
        return .init(pruned: pruned)
    }

    private func prunable(
        _ kind: PruneKind, of uid: Int?, before: Int?, isAfterJobs: Bool
    ) async throws -> [PrunedPart] {
        guard kind == .uploads else {
            return try await store.prunable(kind, of: uid, before: before, isAfterJobs: isAfterJobs)
        }
        return Self.sums(kind, try await idleUploads(of: uid, before: before).map { ($0.uid, $0.size) })
    }

    private func prune(_ kind: PruneKind, of uid: Int?, before: Int?) async throws -> [PrunedPart] {
        let state = state
        var gone: [(uid: Int, bytes: Int)] = []
        if kind == .uploads {
            let idle = try await idleUploads(of: uid, before: before)
            let uploads = uploads
            try await onDisk { for upload in idle { try uploads.remove(upload) } }
            gone = idle.map { ($0.uid, $0.size) }
        }
        while case let part = try await store.prune(
            kind, of: uid, before: before, at: Clock.now(), limit: Limits.jobsRemovedAtOnce,
            tidy: { ids in for id in ids { try state.tidy(id, keepingCheckpoints: false) } }), !part.isEmpty
        {
            gone += part.map { ($0.uid, $0.bytes) }
            if kind == .jobs { try await onDisk { for job in part { try state.remove(job.id) } } }
        }
        return Self.sums(kind, gone)
    }

    private func idleUploads(of uid: Int?, before: Int?) async throws -> [Uploads.Idle] {
        let latest = min(before ?? .max, Clock.now() - Limits.uploadIdle * 1_000_000)
        let uploads = uploads
        return try await onDisk { try uploads.idle(of: uid, before: latest / 1_000_000) }
    }

    private static func sums(_ kind: PruneKind, _ things: [(uid: Int, bytes: Int)]) -> [PrunedPart] {
        Dictionary(grouping: things, by: \.uid).sorted { $0.key < $1.key }.map { uid, things in
            PrunedPart(uid: uid, what: kind, count: things.count, bytes: things.reduce(0) { $0 + $1.bytes })
        }
    }
}
