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
        try checkName(parameters.name, option: "name")
        let files = try await inputFiles(parameters, from: peer)
        guard files.count <= Limits.filesPerDataset else {
            throw SqzError.tooLarge(what: "files in one data set", limit: Limits.filesPerDataset)
        }
        try await disk.require(0, for: peer.uid)
        let name = UUID().uuidString
        let output = "\(state.imports)/\(name)"
        let dataset: Dataset
        do {
            let imported = try await imports.run {
                try await makeDataset(of: files, classes: parameters.classes, output: output, replies)
            }
            let blobs = blobs
            let sealed = try await onDisk { try blobs.seal(output) }
            // What it was made of goes; a daemon that reads by itself what is not an upload has nothing to give back.
            try await disk.require(sealed.size - (try await uploaded(parameters.files, by: peer)), for: peer.uid)
            dataset = try await store.addDataset(
                parameters.name, imported, sha256: sealed.sha256, size: sealed.size, uid: Int(peer.uid), at: Clock.now()
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
        try await replies.send(DatasetsInterface.Import.Reply(dataset: dataset))
    }

    /// What a runner that was killed leaves behind, and a data set that was there already.
    private func removeLeftovers(_ name: String) async throws {
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
        of files: [InputFile], classes: [String]?, output: String, _ replies: Replies
    ) async throws -> Imported {
        let log = RunnerJournal(log, [:])
        return try await RunnerLink.with(
            try await registry.importer(), configuration.current, log: { log.write($0) }
        ) { link in
            var imported: Imported?
            try await link.stream(
                RunnerInterface.Import.self, .init(files: files, classes: classes, output: output)
            ) { reply in
                if let pictures = reply.pictures, replies.mode == .more {
                    try await replies.send(DatasetsInterface.Import.Reply(pictures: pictures), continues: true)
                }
                imported = reply.imported ?? imported
            }
            guard let imported else { throw SqzError.runnerFailed(reason: "it did not say what it imported") }
            return imported
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
        case (nil, let path?): return try await onDisk { try Self.files(at: path, below: allowed) }
        default: throw SqzError.invalidOption(option: "files", reason: "give either files or a path")
        }
    }

    /// The regular files at a path, which must be, with all links followed, below an allowed directory.
    private static func files(at path: String, below allowed: [String]) throws -> [InputFile] {
        guard path.hasPrefix("/") else { throw SqzError.invalidOption(option: "path", reason: "must be absolute") }
        guard let resolved = realpath(path, nil) else { throw SqzError.noSuchPath(path: path) }
        defer { free(resolved) }
        let real = String(cString: resolved)
        guard allowed.contains(where: { real == $0 || real.hasPrefix($0 + "/") }) else {
            throw SqzError.pathNotAllowed(path: path, allowed: allowed)
        }
        var status = stat()
        guard stat(real, &status) == 0 else { throw SqzError.noSuchPath(path: path) }
        if status.st_mode & S_IFMT == S_IFREG {
            return [InputFile(name: String(real.split(separator: "/").last ?? ""), path: real)]
        }
        return try StateDirectory.names(in: real).compactMap { name in
            // A link inside could lead out of the allowed directories.
            guard lstat("\(real)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            return InputFile(name: name, path: "\(real)/\(name)")
        }
    }
}
