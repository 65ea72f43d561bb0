internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct Datasets: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists data sets.",
        discussion: """
            For example:
              sqzctl datasets
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(DatasetsInterface.List.self, NoParameters()) { reply in
            var table = Table(
                ["DATA SET", "TRAIN", "TEST", "CLASSES", "FORMAT", "SIZE", "USER", "IMPORTED"], numeric: [1, 2, 3, 5])
            for dataset in reply.datasets {
                table.add([
                    dataset.name, Format.number(dataset.train), Format.number(dataset.test),
                    String(dataset.classes.count),
                    dataset.format, Format.bytes(dataset.size), Format.user(dataset.uid),
                    Format.time(dataset.createdAt),
                ])
            }
            table.print()
        }
    }
}

struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Imports, shows or removes one data set.",
        discussion: """
            For example:
              sqzctl dataset import cifar-10-binary.tar.gz
            """,
        subcommands: [DatasetImport.self, DatasetShow.self, DatasetRemove.self])
}

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
        try Importing(daemon: Daemon(common), path: path, classes: names).run(as: name) { dataset in
            if !common.json { DatasetShow.print(dataset) }
        }
    }

    /// The lines of a small text file.
    private static func read(_ path: String) throws -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError(path) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw InputError(path) }
        guard count < bytes.count else { throw InputError(path, bad: "has more than a MiB of names") }
        guard let text = String(validating: bytes.prefix(count), as: UTF8.self) else {
            throw InputError(path, bad: "is not UTF-8")
        }
        return text.split(whereSeparator: \.isNewline).map(String.init)
    }
}

struct DatasetShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a data set.",
        discussion: """
            For example:
              sqzctl dataset show fashion-mnist
            """)

    @Argument(help: "Its name.") var dataset: String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(DatasetsInterface.Show.self, .init(dataset: dataset)) { Self.print($0.dataset) }
    }

    static func print(_ dataset: Dataset) {
        var fields = Fields()
        fields.add("data set", dataset.name)
        fields.add(
            "pictures",
            "\(Format.number(dataset.train)) to train, \(Format.number(dataset.test)) to test, \(dataset.height)x\(dataset.width)"
        )
        let shown = dataset.classes.prefix(12).joined(separator: ", ")
        fields.add("classes", "\(dataset.classes.count): \(shown)\(dataset.classes.count > 12 ? ", …" : "")")
        fields.add("format", dataset.format)
        fields.add("size", Format.bytes(dataset.size))
        fields.add("imported", Format.time(dataset.createdAt) + " by \(Format.user(dataset.uid))")
        fields.add("sha256", dataset.sha256)
        fields.print()
    }
}

struct DatasetRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes data sets that no waiting or running job uses.",
        discussion: """
            For example:
              sqzctl dataset rm fashion-mnist
            """)

    @Argument(help: "Their names.") var datasets: [String]
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        for name in datasets {
            try daemon.show(DatasetsInterface.Remove.self, .init(dataset: name)) { _ in
                Output.line("data set \(name) removed")
            }
        }
    }
}
