internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// Has a runner make one file of a user's files, and registers it.
    func importDataset(
        _ parameters: DatasetsInterface.Import.Parameters, from peer: Peer, to replies: Replies
    ) async throws {
        try stopping.check()
        _ = try await checkName(parameters.name, of: .dataset, option: "name", by: peer)
        if let size = parameters.size, !Limits.pictureSides.contains(size) {
            let allowed = Limits.pictureSides
            throw SqzError.invalidOption(
                option: "size", reason: "must be \(allowed.lowerBound) to \(allowed.upperBound), not \(size)")
        }
        let madeOf = try Self.origin(of: parameters)
        if let madeOf, let dataset = try await known(madeOf, as: parameters.name, by: peer) {
            try await removeUploads(parameters.files, by: peer)
            return try await replies.send(DatasetsInterface.Import.Reply(dataset: dataset))
        }
        let files = try await inputFiles(parameters, from: peer)
        guard files.count <= Limits.filesPerDataset else {
            throw SqzError.tooLarge(what: "files in one data set", limit: Limits.filesPerDataset)
        }
        try await disk.require(0, for: peer.uid)
        let name = UUID().uuidString
        let output = "\(state.imports)/\(name)"
        let dataset: Dataset
        let summary: ImportSummary?
        do {
            let made = try await imports.run {
                try await makeDataset(of: files, parameters, output: output, replies)
            }
            summary = made.summary
            let blobs = blobs
            let sealed = try await onDisk { try blobs.seal(output) }
            // What it was made of goes; a daemon that reads by itself what is not an upload has nothing to give back.
            try await disk.require(sealed.size - (try await uploaded(parameters.files, by: peer)), for: peer.uid)
            dataset = try await store.addDataset(
                parameters.name, made.imported, sha256: sealed.sha256, size: sealed.size, madeOf: madeOf,
                by: Publisher(peer, configuration), at: Clock.now()
            ) { try blobs.place(sealed) }
        } catch {
            try await removeLeftovers(name)
            // What is no data will not become any; after another failure, the caller may try again.
            if case SqzError.badData = error { try await removeUploads(parameters.files, by: peer) }
            throw error
        }
        try await removeLeftovers(name)
        try await removeUploads(parameters.files, by: peer)
        log.info(
            """
            data set \(dataset.name) imported: \(dataset.train) training and \(dataset.test) test pictures\
            \(dataset.remarks.map { "; " + $0 }.joined())
            """, metadata: ["SQZ_DATASET": "\(dataset.name)", "SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "imported"])
        try await replies.send(DatasetsInterface.Import.Reply(dataset: dataset, summary: summary))
    }

    /// Of which files a data set is to be made, and how: all that an import says but the name. nil where the daemon reads what is
    /// at a path, whose bytes it does not know.
    private static func origin(of parameters: DatasetsInterface.Import.Parameters) throws -> String? {
        guard parameters.files != nil, parameters.path == nil else { return nil }
        var parameters = parameters
        parameters.name = ""
        return SHA256.hash(data: try JSON.encode(parameters)).hexadecimal
    }

    /// What was made of the same files in the same way before. That no file of a sha256 is another was seen when it was uploaded,
    /// whoever did that; data sets are everybody's to read.
    private func known(_ madeOf: String, as name: String, by peer: Peer) async throws -> Dataset? {
        guard let known = try await store.dataset(madeOf: madeOf, preferring: name) else { return nil }
        // One that the disk has damaged is brought back by another import.
        let blobs = blobs
        guard try await onDisk({ try blobs.isWhole(known.sha256) }) else { return nil }
        if known.name != name { try await disk.require(known.size, for: peer.uid) }
        return try await store.addDataset(name, madeOf: madeOf, by: Publisher(peer, configuration), at: Clock.now())
    }

    /// What a runner that was killed leaves behind, and a data set or model that was there already.
    func removeLeftovers(_ name: String) async throws {
        let directory = state.imports
        try await onDisk { try StateDirectory.removeFiles(in: directory) { $0.hasPrefix(name) } }
    }

    private func uploaded(_ files: [File]?, by peer: Peer) async throws -> Int {
        let checksums = Set((files ?? []).map(\.sha256))
        let uploads = uploads
        return try await onDisk { try checksums.reduce(0) { try $0 + uploads.size(of: $1, by: peer.uid) } }
    }

    private func removeUploads(_ files: [File]?, by peer: Peer) async throws {
        // Two files may have the same bytes.
        let checksums = Set((files ?? []).map(\.sha256))
        let uploads = uploads
        try await onDisk {
            for sha256 in checksums { try uploads.remove(sha256, by: peer.uid) }
        }
    }

    private func makeDataset(
        of files: [InputFile], _ parameters: DatasetsInterface.Import.Parameters, output: String, _ replies: Replies
    ) async throws -> (imported: Imported, summary: ImportSummary?) {
        let log = RunnerJournal(log, [:])
        return try await RunnerLink.with(
            try await registry.importer(), configuration.current, nice: JobRun.nice, log: { log.write($0) }
        ) { link in
            var last = RunnerInterface.Import.Reply()
            try await link.stream(
                RunnerInterface.Import.self,
                .init(
                    files: files, classes: parameters.classes, output: output, size: parameters.size,
                    fit: parameters.fit, skipUnreadable: parameters.skipUnreadable)
            ) { reply in
                last = reply
                guard replies.mode == .more, reply.pictures != nil || reply.unreadable != nil else { return }
                try await replies.send(
                    DatasetsInterface.Import.Reply(
                        pictures: reply.pictures, total: reply.total, unreadable: reply.unreadable),
                    continues: true)
            }
            guard let imported = last.imported else {
                throw SqzError.runnerFailed(reason: "it did not say what it imported")
            }
            return (try imported.checked(), last.summary)
        }
    }

    private func inputFiles(
        _ parameters: DatasetsInterface.Import.Parameters, from peer: Peer
    ) async throws -> [InputFile] {
        let uploads = uploads
        let allowed = configuration.current.dataDirectories
        switch (parameters.files, parameters.path) {
        case (let files?, nil):
            return try await onDisk {
                try files.map { InputFile(name: $0.name, path: try uploads.finished($0.sha256, by: peer.uid)) }
            }
        case (nil, let path?): return [try await onDisk { try Self.file(at: path, below: allowed) }]
        default: throw SqzError.invalidOption(option: "files", reason: "give either files or a path")
        }
    }

    /// The file or folder at a path, which must be, with all links followed, below an allowed directory. What is in a folder
    /// the runner finds out, which follows no link there: it could lead out of the allowed directories.
    private static func file(at path: String, below allowed: [String]) throws -> InputFile {
        guard path.hasPrefix("/") else { throw SqzError.invalidOption(option: "path", reason: "must be absolute") }
        guard let resolved = realpath(path, nil) else { throw SqzError.noSuchPath(path: path) }
        defer { free(resolved) }
        let real = String(cString: resolved)
        guard allowed.contains(where: { real == $0 || real.hasPrefix($0 + "/") }) else {
            throw SqzError.pathNotAllowed(path: path, allowed: allowed)
        }
        return InputFile(name: String(real.split(separator: "/").last ?? ""), path: real)
    }
}
