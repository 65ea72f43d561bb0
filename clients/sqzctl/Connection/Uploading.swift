internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

extension Daemon {
    /// Sends what the daemon lacks.
    func send(_ upload: Upload) throws {
        if try !sendAsBytes(upload) { try sendInChunks(upload) }
    }

    /// The fast way. Tells whether the daemon knows it.
    private func sendAsBytes(_ upload: Upload) throws -> Bool {
        var reached: Int?
        while true {
            let start: Int
            let client: Client
            do {
                client = try connect()
                try client.send(
                    DatasetsInterface.Upload.self, .init(sha256: upload.sha256, size: upload.size), mode: .upgrade)
                start = try client.receive(DatasetsInterface.Upload.self).parameters(
                    DatasetsInterface.Upload.Reply.self
                )
                .offset
            } catch let error where reached == nil && Self.isUnknown(error) {
                return false
            } catch let error as ConnectionError where reached != nil {
                throw LostUpload(name: upload.name, error: error)
            }
            do {
                try send(upload, from: start, over: client)
                return true
            } catch let error where Self.isLost(error) {
                // A daemon that was started anew goes on from what the one before had.
                guard start > reached ?? -1 else { throw LostUpload(name: upload.name, error: error) }
                reached = start
            }
        }
    }

    /// Whether a daemon does not know `Upload`. One from before it closes the connection whenever `upgrade` is asked for.
    private static func isUnknown(_ error: any Error) -> Bool {
        if let error = error as? VarlinkError, case .methodNotFound? = ServiceError(error) { return true }
        return error as? ConnectionError == .closed
    }

    private static func isLost(_ error: any Error) -> Bool {
        if let error = error as? VarlinkError, case .stopping? = SqzError(error) { return true }
        return error as? ConnectionError == .closed
    }

    private func send(_ upload: Upload, from start: Int, over client: Client) throws {
        guard (0...upload.size).contains(start) else {
            throw ConnectionError.malformed("an upload of \(upload.size) bytes can't stand at \(start)")
        }
        var sent = start
        while sent < upload.size {
            let bytes = try upload.bytes(at: sent)
            // Where it takes no more, it says why.
            guard try client.send(bytes: bytes) else { break }
            sent += bytes.count
            tell(upload, sent)
        }
        _ = try client.receive(DatasetsInterface.Upload.self).parameters(DatasetsInterface.Upload.Reply.self)
    }

    /// The way of daemons from before `Upload`.
    private func sendInChunks(_ upload: Upload) throws {
        var sent = try call(DatasetsInterface.Offer.self, .init(sha256: upload.sha256, size: upload.size)).offset
        try pipeline(DatasetsInterface.Write.self) {
            guard sent < upload.size else { return nil }
            let bytes = try upload.bytes(at: sent)
            defer { sent += bytes.count }
            return .init(sha256: upload.sha256, offset: sent, data: Data(bytes).base64EncodedString())
        } _: { reply in
            tell(upload, reply.offset)
        }
    }

    private func tell(_ upload: Upload, _ sent: Int) {
        Output.live("\(upload.name): \(Format.bytes(sent)) of \(Format.bytes(upload.size)) sent")
    }
}

/// The daemon went away while it was taking something over.
struct LostUpload: Error {
    let name: String
    let error: any Error
}
