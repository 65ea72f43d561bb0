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
        var parameters: DatasetsInterface.Import.Parameters
        if readable.contains(where: { real == $0 || real.hasPrefix($0 + "/") }) {
            parameters = .init(name: name, path: real, classes: classes)
        } else {
            parameters = .init(name: name, files: try upload(real), classes: classes)
        }
        parameters.size = pictures.size
        parameters.fit = pictures.fit
        parameters.skipUnreadable = pictures.skipsUnreadable ? true : nil
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
                for remark in dataset.remarks + (reply.summary?.remarks ?? []) {
                    Output.error("data set \(dataset.name): \(remark)")
                }
            }
            return .more
        }
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

    private func upload(_ real: String) throws -> [File] {
        var status = stat()
        guard stat(real, &status) == 0 else { throw InputError(real) }
        if status.st_mode & S_IFMT == S_IFDIR, case let tar = try FolderTar(real), try tar.holdsPictures() {
            let name = "\(real.split(separator: "/").last ?? "data").tar"
            return [File(name: name, sha256: try daemon.upload(tar, at: real, named: name))]
        }
        let files = try self.files(at: real)
        guard !files.isEmpty else { throw InputError(path, bad: "there is no file in this directory") }
        guard files.count <= Limits.filesPerDataset else {
            throw InputError(
                path, bad: "\(Format.count(files.count, "file")), a data set has \(Limits.filesPerDataset) at most")
        }
        return try files.map { file in
            let name = String(file.split(separator: "/").last ?? "")
            return File(name: name, sha256: try daemon.upload(file, named: name))
        }
    }

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
