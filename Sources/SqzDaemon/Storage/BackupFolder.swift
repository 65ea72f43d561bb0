internal import Files
internal import FoundationEssentials
internal import Glibc
internal import JobStore
internal import SqzProtocol

/// All that a daemon needs to go on from one moment, in a directory of its own for as long as somebody takes it: a copy of the records,
/// hard links to the blobs that they name, copies of checkpoints and logs, which are rewritten. All calls block on the disk.
struct BackupFolder: Sendable {
    let directory: String
    let files: [BackupFile]

    private static let database = "sqzd.db"

    /// Makes it below `state.backups`, whole or not at all. Throws `SqzError.tooLarge` where the disk has no room for the copies.
    ///
    /// - Parameter reserve: bytes that stay free.
    init(of state: StateDirectory, _ store: JobStore, _ blobs: Blobs, reserve: Int) throws {
        let needed = try state.jobs().reduce(try state.databaseBytes() + reserve) { sum, id in
            let files = try state.bytes(of: id)
            return sum + files.checkpoints + files.log
        }
        let free = try state.freeBytes()
        guard free >= needed else {
            throw SqzError.tooLarge(
                what: "bytes that must be free on the disk for a backup", limit: needed, current: free)
        }
        directory = "\(state.backups)/\(UUID().uuidString)"
        do {
            for path in [state.backups, directory, directory + "/blobs", directory + "/jobs"] {
                try StateDirectory.makeDirectory(path)
            }
            // First, so that a checkpoint is there of each job that had one when the records were copied: of one that is older, or
            // newer, than they are, a job goes on as after a crash.
            var files = try Self.copyJobs(of: state, to: directory)
            var needed: Set<String> = []
            let directory = directory
            try store.copy(to: "\(directory)/\(Self.database)") { checksums in
                needed = checksums
                for sha256 in checksums {
                    let target = "\(directory)/blobs/\(sha256)"
                    guard link(blobs.path(sha256), target) == 0 else {
                        guard errno != ENOENT else {
                            throw SqzError.failed(
                                reason: """
                                    \(blobs.path(sha256)) is missing, and sqzctl doctor says whose it is: put it back, or remove what \
                                    can't be used without it
                                    """)
                        }
                        throw DaemonError.last("link", blobs.path(sha256))
                    }
                }
            }
            files += try ([Self.database] + needed.sorted().map { "blobs/\($0)" }).map { name in
                BackupFile(name: name, size: try Self.size(of: "\(directory)/\(name)"))
            }
            self.files = files
        } catch {
            try StateDirectory.remove(directory)
            throw error
        }
    }

    func path(_ file: BackupFile) -> String { "\(directory)/\(file.name)" }

    func remove() throws { try StateDirectory.remove(directory) }

    private static func copyJobs(of state: StateDirectory, to directory: String) throws -> [BackupFile] {
        var files: [BackupFile] = []
        for id in try state.jobs() {
            try StateDirectory.makeDirectory("\(directory)/jobs/\(id)")
            // A name that sha256sum(1) could not read in a line is none of the built-in runner's.
            for name in try StateDirectory.names(in: state.job(id)) where name.utf8.allSatisfy({ $0 >= 32 && $0 != 92 })
            {
                let file = "jobs/\(id)/\(name)"
                if let size = try StateDirectory.copy("\(state.job(id))/\(name)", to: "\(directory)/\(file)") {
                    files.append(BackupFile(name: file, size: size))
                }
            }
        }
        return files
    }

    private static func size(of path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw DaemonError.last("stat", path) }
        return Int(status.st_size)
    }
}
