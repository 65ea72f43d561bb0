public import ArgumentParser
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct DatasetPicture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "picture", abstract: "Writes one picture of a data set to a PNG file.",
        discussion: """
            Pictures are numbered from 0, those to train and those to test each for themselves; a prediction's number is one \
            of those to test, if the data set has such. Pictures that were imported as files can also be named by their path \
            below what was imported.

            For example:
              sqzctl dataset picture fashion-mnist 12 -o boot.png
              sqzctl dataset picture birds test/owl/7.jpg --split test -o - | display
            """)

    @Argument(help: "The data set's name.", completion: Completions.datasets) var dataset: String
    @Argument(help: "The picture's number, or its path.") var picture: String
    @Option(help: "Of the pictures to train, or of those to test.") var split: DatasetSplit = .train
    @Option(
        name: [.short, .long],
        help:
            "The file. - is standard output, which is also where the picture goes without this, if that is no terminal.",
        completion: .file(extensions: ["png"])
    )
    var output: String?
    @Flag(help: "Replace the file if it exists.") var force = false
    @OptionGroup var common: Common

    func validate() throws {
        if common.json, output == "-" {
            throw ValidationError(
                "-o - and --json would both write to standard output; without -o, the reply has the picture")
        }
    }

    func run() throws {
        let isPrinted = output == nil && !common.json || output == "-"
        if output == nil, isPrinted, Terminal.output != nil {
            throw UsageError(description: "a picture is nothing for a terminal; right would be -o FILE.png")
        }
        let daemon = try Daemon(common)
        let file = try isPrinted ? nil : output.map { try NewFile(path: $0, force: force) }
        let number = Int(picture)
        let reply = try daemon.show(
            DatasetsInterface.Picture.self,
            .init(dataset: dataset, split: split, picture: number, file: number == nil ? picture : nil)
        ) { _ in }
        guard let png = Data(base64Encoded: reply.data), !png.isEmpty else {
            throw ConnectionError.malformed("no picture")
        }
        if isPrinted { Output.write(Array(png)) }
        guard let file, let output else { return }
        try file.write(Array(png))
        try file.commit()
        guard !common.json, file.isFile else { return }
        let path = reply.file.map { " (\($0))" } ?? ""
        Output.line(
            "\(output): picture \(reply.picture) to \(split.rawValue)\(path), class \(reply.label): \(reply.className)")
    }
}

extension DatasetSplit: ExpressibleByArgument {}
