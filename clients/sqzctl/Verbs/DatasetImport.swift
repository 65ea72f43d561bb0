public import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct DatasetImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Makes a data set of pictures in folders, or of CIFAR or IDX files.",
        discussion: """
            Pictures (PNG, JPEG, WebP) lie in a folder for each class, and those in train, val and test if there are \
            such; the whole may be a zip or tar archive (.tar, .tar.gz, .tar.xz, .tar.zst). Beside test, val is left out. \
            Or they lie beside a CSV or TSV file with the headings file and label, which may be called train and test. \
            CIFAR-10 and CIFAR-100 are taken as binary files or their archive, IDX files also gzipped.

            For example:
              sqzctl dataset import photos/
              sqzctl dataset import birds.zip --size 128 --fit pad
              sqzctl dataset import /usr/share/datasets/fashion-mnist --classes names.txt
            """)

    @Argument(help: "A folder, an archive or a file.") var path: String
    @Option(help: "The data set's name. By default the path's last part.")
    var name: String?
    @Option(help: "A file with the classes' names, one a line, for CIFAR and IDX.")
    var classes: String?
    @Option(help: "Rows and columns of what pictures become. By default what suits them, at most 256.")
    var size: Int?
    @Option(help: "How pictures become squares: the middle, all with black beside, or stretched. (default: crop)")
    var fit: PictureFit?
    @Flag(help: "Leave pictures out that can't be read.")
    var skipUnreadable = false
    @OptionGroup var common: Common

    func run() throws {
        let name = try name ?? Importing.name(for: path)
        let names = try classes.map(Self.read)
        let pictures = Importing.PictureChoices(size: size, fit: fit, skipsUnreadable: skipUnreadable)
        do {
            try Importing(daemon: Daemon(common), path: path, classes: names, pictures: pictures).run(as: name) {
                dataset in
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

extension PictureFit: ExpressibleByArgument {}
