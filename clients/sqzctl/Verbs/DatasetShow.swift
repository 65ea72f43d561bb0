internal import ArgumentParser
internal import SqzProtocol

struct DatasetShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows a data set.",
        discussion: """
            For example:
              sqzctl dataset show fashion-mnist
            """)

    @Argument(help: "Its name.", completion: Completions.datasets) var dataset: String
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
        fields.add("fit", dataset.fit?.rawValue)
        fields.add("classes", Format.classes(dataset.classes))
        fields.add("format", dataset.format)
        fields.add("size", Format.bytes(dataset.size))
        fields.add("imported", Format.time(dataset.createdAt) + " by \(Format.user(dataset.uid))")
        fields.add("sha256", dataset.sha256)
        guard let train = dataset.trainByClass, let test = dataset.testByClass, !train.isEmpty, !test.isEmpty else {
            return fields.print()
        }
        let rows = zip(dataset.classes, zip(train, test)).enumerated().map {
            (label: $0, name: $1.0, train: $1.1.0, test: $1.1.1)
        }
        let isShort = rows.count <= mostRows
        let shown = isShort ? rows : rows.filter { $0.train == 0 }
        if !isShort {
            fields.add(
                "a class has", "\(spread(train)) to train" + (dataset.test > 0 ? ", \(spread(test)) to test" : ""))
        }
        fields.print()
        guard !shown.isEmpty else { return }
        Output.line("")
        Table(
            Array(shown.prefix(mostRows)),
            [
                .number("CLASS") { String($0.label) }, .text("NAME") { $0.name },
                .number("TRAIN") { Format.number($0.train) }, .number("TEST") { Format.number($0.test) },
            ]
        ).print()
        if shown.count > mostRows { Output.line("and \(shown.count - mostRows) more without pictures to train") }
    }

    /// The least, the median and the most of them.
    private static func spread(_ counts: [Int]) -> String {
        let sorted = counts.sorted()
        let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
        let median = (low + high) / 2
        return
            "\(Format.number(sorted[0])) to \(Format.number(sorted[sorted.count - 1])) (median \(Format.number(median)))"
    }

    /// Classes in a line each; of more, only those that nothing can be learned of.
    private static let mostRows = 20
}
