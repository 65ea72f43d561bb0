internal import SqzProtocol
internal import Synchronization
internal import Varlink

extension Handlers {
    /// Takes a file as bytes on the connection itself. Each piece of them has a turn of its own, so that an upload that waits for
    /// its client keeps nobody from anything, and a fast one leaves the user's other calls their places.
    func upload(
        _ call: Call, from peer: Peer, to replies: Replies, _ bytes: inout UpgradedConnection
    ) async throws {
        counters.calls.add(1, ordering: .relaxed)
        let parameters = try call.parameters(DatasetsInterface.Upload.Parameters.self)
        let key = Uploads.key(parameters.sha256, by: peer.uid)
        let taken: Void? = try await uploading.takeIfFree(peer) {
            // One alone writes to a file; who comes later goes on where that one ended.
            try await uploads.turns.take(key) { try await receive(parameters, from: peer, to: replies, &bytes) }
        }
        guard taken != nil else {
            throw SqzError.tooLarge(what: "uploads of yours at the same time", limit: Limits.uploadsAtOnce)
        }
    }

    private func receive(
        _ parameters: DatasetsInterface.Upload.Parameters, from peer: Peer, to replies: Replies,
        _ bytes: inout UpgradedConnection
    ) async throws {
        let (uploads, sha256, size) = (uploads, parameters.sha256, parameters.size)
        let upload = try await turns.take(peer) {
            try await makeRoom(sha256, size: size, for: peer)
            return try await onDisk { try uploads.begin(sha256, size: size, by: peer.uid) }
        }
        try await bytes.begin()
        try await replies.send(DatasetsInterface.Upload.Reply(offset: upload?.held ?? size))
        housekeeping.wake()
        if let upload {
            while upload.held < size {
                guard let piece = try await bytes.next() else {
                    try stopping.check()
                    throw SqzError.wrongOffset(sha256: sha256, offset: upload.held)
                }
                try await turns.take(peer) {
                    try await onDisk { try piece.withUnsafeBytes { try upload.append($0) } }
                }
            }
            try await turns.take(peer) { try await onDisk { try upload.finish() } }
        }
        try await replies.send(DatasetsInterface.Upload.Reply(offset: size))
    }

    /// Refuses an upload that can be none, or for which there is no room.
    func makeRoom(_ sha256: String, size: Int, for peer: Peer) async throws {
        let uploads = uploads
        try Uploads.check(sha256, size: size)
        // One that is under way has its room.
        if try await onDisk({ try !uploads.has(sha256, size: size, by: peer.uid) }) {
            try await disk.require(size, for: peer.uid)
        }
    }
}
