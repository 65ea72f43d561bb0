internal import JobStore
internal import SqzProtocol

/// What users keep on the disk, and how much more they may: uploads (as large as they were announced), data sets, models, the
/// checkpoints of jobs that may go on, and logs and predictions, as they were when a job ran last.
struct DiskUse: Sendable {
    let store: JobStore
    let uploads: Uploads
    let state: StateDirectory
    let configuration: LiveConfiguration

    private static let counted = "uploads, data sets, models, checkpoints, logs and predictions"

    /// Each user's bytes, by what they are.
    func current() async throws -> [StoredBytes] {
        let uploads = uploads
        let announced = try await onDisk { try uploads.announcedByUser() }
        return try await store.diskUse()
            + announced.sorted { $0.key < $1.key }.map { StoredBytes(uid: $0.key, what: "uploads", bytes: $0.value) }
    }

    /// The same with what may go, and how many things each are.
    func parts() async throws -> [DiskPart] {
        let uploads = uploads
        let (all, idle) = try await onDisk {
            (try uploads.idle(), try uploads.idle(before: Clock.now() / 1_000_000 - Limits.uploadIdle))
        }
        return try await store.diskParts()
            + Dictionary(grouping: all, by: \.uid).sorted { $0.key < $1.key }.map { uid, mine in
                let removable = idle.filter { $0.uid == uid }
                func bytes(_ uploads: [Uploads.Idle]) -> Int { uploads.reduce(0) { $0 + $1.size } }
                return DiskPart(
                    uid: uid, what: .uploads, count: mine.count, bytes: bytes(mine), removable: removable.count,
                    removableBytes: bytes(removable))
            }
    }

    /// Throws `SqzError.tooLarge` unless there is room for so many bytes more of a user's.
    func require(_ bytes: Int, for uid: UInt32) async throws {
        let limits = configuration.current
        let used = try await current().reduce(into: [:]) { $0[$1.uid, default: 0] += $1.bytes }
        let state = state
        let free = try await onDisk { try state.freeBytes() }

        func check(_ used: Int, _ limit: Int, _ what: String) throws {
            // A file of no size is refused to whoever has more already than is allowed.
            guard used + bytes <= limit << 20, used < limit << 20 else {
                throw SqzError.tooLarge(what: "bytes of \(what) on the disk", limit: limit << 20, current: used)
            }
        }
        try check(used[Int(uid), default: 0], limits.userDiskMiB, "your \(Self.counted)")
        try check(used.values.reduce(0, +), limits.diskMiB, "all \(Self.counted)")
        let reserve = limits.freeDiskMiB << 20
        guard reserve == 0 || free - bytes >= reserve else {
            throw SqzError.tooLarge(what: "bytes that must stay free on the disk", limit: reserve, current: free)
        }
    }
}
