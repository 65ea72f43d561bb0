internal import JobStore
internal import SqzProtocol

/// What users keep on the disk, and how much more they may: uploads (as large as they were announced), data sets, models, and
/// the checkpoints of jobs that may go on (with their logs, as they were when a job ran last).
struct DiskUse: Sendable {
    let store: JobStore
    let uploads: Uploads
    let state: StateDirectory
    let configuration: LiveConfiguration

    /// Throws `SqzError.tooLarge` unless there is room for so many bytes more of a user's.
    func require(_ bytes: Int, for uid: UInt32) async throws {
        let limits = configuration.current
        let stored = try await store.bytesByUser()
        let (uploads, state) = (uploads, state)
        let (announced, free) = try await onDisk { (try uploads.announcedByUser(), try state.freeBytes()) }
        let used = stored.merging(announced, uniquingKeysWith: +)

        func check(_ used: Int, _ limit: Int, _ what: String) throws {
            // A file of no size is refused to whoever has more already than is allowed.
            guard used + bytes <= limit << 20, used < limit << 20 else {
                throw SqzError.tooLarge(what: "bytes of \(what) on the disk", limit: limit << 20, current: used)
            }
        }
        try check(used[Int(uid), default: 0], limits.userDiskMiB, "your uploads, data sets, models and checkpoints")
        try check(used.values.reduce(0, +), limits.diskMiB, "all uploads, data sets, models and checkpoints")
        let reserve = limits.freeDiskMiB << 20
        guard reserve == 0 || free - bytes >= reserve else {
            throw SqzError.tooLarge(what: "bytes that must stay free on the disk", limit: reserve, current: free)
        }
    }
}
