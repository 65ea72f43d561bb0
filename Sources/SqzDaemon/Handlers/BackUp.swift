internal import FoundationEssentials
internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// Sends all that another daemon needs to go on from this moment.
    func backUp(from peer: Peer, to replies: Replies) async throws {
        try stopping.check()
        guard try peer.isAdministrator(group: configuration.current.administrators) else {
            throw ServiceError.permissionDenied
        }
        try await backups.run {
            let (state, store, blobs, reserve) = (state, store, blobs, configuration.current.freeDiskMiB << 20)
            let backup = try await onDisk { try BackupFolder(of: state, store, blobs, reserve: reserve) }
            do {
                try await send(backup, to: replies)
                try await onDisk { try backup.remove() }
            } catch {
                // Whoever took it may have gone, and this task with them.
                try await Task { try await onDisk { try backup.remove() } }.value
                throw error
            }
            log.info(
                "backup of \(backup.files.count) files taken by uid \(peer.uid)",
                metadata: ["SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "backup"])
        }
        try await replies.send(ManagerInterface.Backup.Reply())
    }

    private func send(_ backup: BackupFolder, to replies: Replies) async throws {
        let pace = Pace(seconds: Limits.exportPieceSeconds)
        try await pace.keep("the backup") {
            for file in backup.files {
                try await replies.send(ManagerInterface.Backup.Reply(file: file), continues: true)
                var sent = 0
                while sent < file.size {
                    try Task.checkCancellation()
                    let (path, offset) = (backup.path(file), sent)
                    let size = min(Limits.chunkBytes, file.size - sent)
                    let bytes = try await onDisk { try Blobs.piece(of: path, at: offset, size: size) }
                    guard bytes.count == size else {
                        throw SqzError.failed(reason: "\(file.name) of the backup became shorter")
                    }
                    let data = Data(bytes).base64EncodedString()
                    try await replies.send(ManagerInterface.Backup.Reply(data: data), continues: true)
                    sent += size
                    pace.step()
                }
            }
        }
    }
}
