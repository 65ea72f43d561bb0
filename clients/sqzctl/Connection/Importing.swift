internal import Files
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Makes a data set of a user's files: the daemon reads them itself where it may, else they are uploaded.
struct Importing {
    let daemon: Daemon
    /// A file, a directory of files, or a folder of pictures.
    let path: String
    var classes: [String]?
    var pictures = PictureChoices()

    /// What may be said of pictures.
    struct PictureChoices {
        var size: Int?
        var fit: PictureFit?
        var skipsUnreadable = false
    }

    /// The name that a data set gets without `--name`: the path's last part, less what says its format.
    static func name(for path: String) throws -> String {
        try name(
            for: path,
            without: [
                ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".tar", ".zip",
                ".bin.gz",
                ".bin",
            ])
    }

    /// A path's last part as a name, without one of these suffixes.
    static func name(for path: String, without suffixes: [String]) throws -> String {
        guard let resolved = realpath(path, nil) else { throw InputError(path) }
        defer { free(resolved) }
        let last = String(cString: resolved).split(separator: "/").last.map(String.init) ?? "data"
        let stem = suffixes.first { last.lowercased().hasSuffix($0) }.map { last.dropLast($0.count) }
        let name = (stem ?? last[...]).map {
            $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-"
        }
        return String(name.drop { ".-".contains($0) }.prefix(Limits.nameBytes))
    }

    /// Imports, and hands the data set over when it is there.
    func run(as name: String, _ print: (Dataset) throws -> Void) throws {
        guard let resolved = realpath(path, nil) else { throw InputError(path) }
        defer { free(resolved) }
        let real = String(cString: resolved)
        var status = stat()
        guard stat(real, &status) == 0 else { throw InputError(path) }
        let kind = FileKind(status)
        guard kind == .regular || kind == .directory else {
            throw InputError(path, is: kind.description, right: "a file, or a directory of files")
        }
        let readable = try daemon.call(ManagerInterface.Info.self, NoParameters()).dataDirectories
        var parameters = DatasetsInterface.Import.Parameters(name: name, classes: classes)
        parameters.size = pictures.size
        parameters.fit = pictures.fit
        parameters.skipUnreadable = pictures.skipsUnreadable ? true : nil
        guard RemoteHost.isUsed || !readable.contains(where: { real == $0 || real.hasPrefix($0 + "/") }) else {
            parameters.path = real
            return try run(parameters, print)
        }
        let uploads = try uploads(of: real)
        parameters.files = uploads.map(\.file)
        do {
            // What was imported before, or uploaded, needs not be sent.
            try run(parameters, print)
        } catch let error as VarlinkError where Self.isMissingUpload(error) {
            for upload in uploads { try daemon.send(upload) }
            try run(parameters, print)
        }
    }

    private static func isMissingUpload(_ error: VarlinkError) -> Bool {
        switch SqzError(error) {
        case .noSuchUpload, .wrongOffset: true
        default: false
        }
    }

    private func run(
        _ parameters: DatasetsInterface.Import.Parameters, _ print: (Dataset) throws -> Void
    ) throws {
        var unreadable = UnreadableList()
        defer { unreadable.end() }
        try daemon.stream(DatasetsInterface.Import.self, parameters) { reply in
            if let pictures = reply.pictures {
                let total = reply.total.map { " of \(Format.number($0))" } ?? ""
                Output.live("\(Format.number(pictures))\(total) picture\(reply.total ?? pictures == 1 ? "" : "s") read")
            }
            reply.unreadable.map { unreadable.add($0) }
            if let dataset = reply.dataset {
                Output.endLive()
                unreadable.end()
                try print(dataset)
                for remark in dataset.remarks + (reply.summary?.remarks ?? Self.remarks(ofKnown: dataset)) {
                    Output.error("data set \(dataset.name): \(remark)")
                }
            }
            return .more
        }
    }

    /// Only an import that reads pictures has a summary.
    private static func remarks(ofKnown dataset: Dataset) -> [String] {
        dataset.format == "pictures" ? ["its files were imported before, and nothing was read again"] : []
    }

    /// Names pictures that can't be read: the first ones.
    private struct UnreadableList {
        private var count = 0
        private static let named = 10

        mutating func add(_ pictures: [UnreadablePicture]) {
            for picture in pictures.prefix(max(0, Self.named - count)) {
                Output.error("\(picture.file): \(picture.reason)")
            }
            count += pictures.count
        }

        mutating func end() {
            if count > Self.named { Output.error("and \(Format.number(count - Self.named)) more; --json lists all") }
            count = 0
        }
    }

    private func uploads(of real: String) throws -> [Upload] {
        var status = stat()
        guard stat(real, &status) == 0 else { throw InputError(real) }
        if FileKind(status) == .directory {
            let tar = try FolderTar(real)
            if try tar.holdsPictures() {
                let name = "\(real.split(separator: "/").last ?? "data").tar"
                return [try Upload(folder: tar, at: real, named: name)]
            }
            guard !tar.holdsLinkedPictures else {
                throw InputError(
                    path,
                    bad:
                        "its pictures are links, which are not followed; right would be the files, as cp -rL copies them"
                )
            }
        }
        let files = try self.files(at: real)
        let right = "a folder of PNG, JPEG or WebP pictures with a folder for each class"
        guard !files.isEmpty else {
            throw InputError(
                path, bad: "there is no file in this directory; right would be \(right), or CIFAR or IDX files")
        }
        // Nothing is sent of a directory that is something else.
        guard files == [real] || files.count <= Limits.filesPerDataset && files.contains(where: Self.mayBeRecords)
        else {
            throw InputError(
                path,
                bad: """
                    \(Format.count(files.count, "file")) and no picture among them; right would be \(right), or at most \
                    \(Limits.filesPerDataset) CIFAR or IDX files
                    """)
        }
        return try files.map { file in
            try Upload(file: file, named: String(file.split(separator: "/").last ?? ""))
        }
    }

    /// Whether a file may be one of CIFAR's or IDX's, or an archive of them: by its name or, as CIFAR's have no mark, its size.
    private static func mayBeRecords(_ file: String) -> Bool {
        if recordSuffixes.contains(where: file.lowercased().hasSuffix) { return true }
        var status = stat()
        guard stat(file, &status) == 0, status.st_size > 0 else { return false }
        return status.st_size % 3_073 == 0 || status.st_size % 3_074 == 0
    }

    private static let recordSuffixes = [
        ".bin", "-ubyte", ".gz", ".tgz", ".tar", ".xz", ".txz", ".zst", ".tzst", ".bz2", ".tbz2", ".zip",
    ]

    /// The regular files at a path; hidden ones are none of the data.
    private func files(at real: String) throws -> [String] {
        var status = stat()
        guard stat(real, &status) == 0 else { throw InputError(real) }
        if FileKind(status) != .directory { return [real] }
        return try Directory.names(in: real).map { "\(real)/\($0)" }.filter { file in
            !file.hasPrefix("\(real)/.") && stat(file, &status) == 0 && FileKind(status) == .regular
        }
    }
}
