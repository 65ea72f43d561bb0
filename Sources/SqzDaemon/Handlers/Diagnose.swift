internal import Files
internal import Glibc
internal import JobStore
internal import SqzProtocol
internal import Systemd

extension Handlers {
    /// How the daemon stands with its machine.
    func diagnose() async throws -> ManagerInterface.Diagnose.Reply {
        let (state, current, blobs, needs) = (state, configuration.current, blobs, try await store.needs())
        // One after the other, so that nobody measures another's writing.
        return try await diagnosing.take(0) {
            try await onDisk {
                .init(
                    openFiles: try StateDirectory.names(in: "/proc/self/fd").count,
                    openFilesLimit: try Descriptors.allowed(), connectionsLimit: try Descriptors.connections(current),
                    freeDisk: try state.freeBytes(), reserve: current.freeDiskMiB << 20,
                    syncSeconds: try Self.syncSeconds(in: state.path), journal: JournalLogHandler.isAvailable,
                    missing: Array(blobs.missing(of: needs).prefix(100)))
            }
        }
    }

    /// How long 4 KiB take until they are on the disk: the median of nine; 0 where they have no room.
    private static func syncSeconds(in directory: String) throws -> Double {
        do { return try measuredSyncSeconds(in: directory) } catch let error as DaemonError where error.isOfFullDisk {
            return 0
        }
    }

    private static func measuredSyncSeconds(in directory: String) throws -> Double {
        let path = directory + "/sync"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw DaemonError.last("open", path) }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 1, count: 4_096)
        let times = try (0..<9).map { _ in
            let start = ContinuousClock.now
            guard pwrite(file, page, page.count, 0) == page.count else { throw DaemonError.last("write", path) }
            guard fsync(file) == 0 else { throw DaemonError.last("fsync", path) }
            return start.duration(to: .now) / .seconds(1)
        }
        return times.sorted()[times.count / 2]
    }
}
