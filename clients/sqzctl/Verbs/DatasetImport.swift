internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct DatasetImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Makes a data set of files: CIFAR-10, CIFAR-100 (also as .tar.gz) or IDX (also gzipped).",
        discussion: """
            For example:
              sqzctl dataset import /usr/share/datasets/fashion-mnist --classes names.txt
            """)

    @Argument(help: "A file, or a directory of files.") var path: String
    @Option(help: "The data set's name. By default the path's last part.")
    var name: String?
    @Option(help: "A file with the classes' names, one a line.")
    var classes: String?
    @OptionGroup var common: Common

    func run() throws {
        let name = try name ?? Importing.name(for: path)
        let names = try classes.map(Self.read)
        do {
            try Importing(daemon: Daemon(common), path: path, classes: names).run(as: name) { dataset in
                if !common.json { DatasetShow.print(dataset) }
            }
        } catch let error as VarlinkError {
            // The user knows the names by their file.
            guard let classes, case .badData("classes", let reason)? = SqzError(error) else { throw error }
            throw InputError(classes, bad: reason)
        }
    }

    /// The lines of a small text file, blank ones too: where one is missing, the runner says so.
    private static func read(_ path: String) throws -> [String] {
        let descriptor = try Reading.open(path, pipes: true, right: "a text file with the classes' names, one a line")
        defer { close(descriptor) }
        let limit = 1 << 20
        let bytes = try Reading.bytes(of: descriptor, path, limit: limit)
        guard bytes.count < limit else { throw InputError(path, bad: "has more than a MiB of names") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError(path, bad: "is not UTF-8")
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    }
}
