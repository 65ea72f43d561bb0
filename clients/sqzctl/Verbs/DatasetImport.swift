public import ArgumentParser
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
            What is no picture is passed over and counted, and so are hidden files; links are not followed. \
            CIFAR-10 and CIFAR-100 are taken as binary files or their archive, IDX files also gzipped.

            For example:
              sqzctl dataset import photos/
              sqzctl dataset import birds.zip --size 128 --fit pad
              sqzctl dataset import /usr/share/datasets/fashion-mnist --classes names.txt
            """)

    @Argument(help: "A folder, an archive or a file.", completion: .file()) var path: String
    @Option(help: "The data set's name. By default the path's last part.")
    var name: String?
    @Option(help: "A file with the classes' names, one a line, in the order of their labels.", completion: .file())
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
        let names = try classes.map { try ClassList(path: $0).lines }
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
}

extension PictureFit: ExpressibleByArgument {}
