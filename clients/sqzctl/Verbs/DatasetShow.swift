internal import ArgumentParser
internal import SqzProtocol

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
        fields.add("classes", Format.classes(dataset.classes))
        fields.add("format", dataset.format)
        fields.add("size", Format.bytes(dataset.size))
        fields.add("imported", Format.time(dataset.createdAt) + " by \(Format.user(dataset.uid))")
        fields.add("sha256", dataset.sha256)
        fields.print()
    }
}
