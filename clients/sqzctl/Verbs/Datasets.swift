internal import ArgumentParser
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
        try Daemon(common).list(
            DatasetsInterface.List.self, NoParameters(), \.datasets,
            [
                .name("DATA SET") { $0.name },
                .number("TRAIN") { Format.number($0.train) },
                .number("TEST") { Format.number($0.test) },
                .number("CLASSES") { String($0.classes.count) },
                .text("FORMAT") { $0.format }.detail(1),
                .text("PIXELS") { "\($0.height)x\($0.width)" }.detail(3),
                .text("FIT") { $0.fit?.rawValue ?? "" }.detail(3),
                .number("SIZE") { Format.bytes($0.size) },
                .text("USER") { Format.user($0.uid) }.detail(3),
                .text("IMPORTED") { Format.clock($0.createdAt) }.detail(2),
            ])
    }
}
