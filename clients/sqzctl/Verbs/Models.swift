internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists models, newest first.",
        discussion: """
            For example:
              sqzctl models
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).list(
            ModelsInterface.List.self, NoParameters(), \.models,
            [
                .text("MODEL") { "\($0.name)@\($0.version)" },
                .text("ARCHITECTURE") { $0.architecture },
                .text("BYPASS") { $0.bypass }.detail,
                .number("CLASSES") { String($0.classes.count) }.detail,
                .number("PARAMETERS") { Format.number($0.parameters) }.detail,
                .number("SIZE") { Format.bytes($0.size) }.detail,
                .number("ACCURACY") { $0.accuracy.map(Format.percent) ?? "-" },
                .text("DATA SET") { $0.dataset ?? "-" },
                .text("MADE") { Format.clock($0.createdAt) },
                .text("WARNING") { $0.warning ?? "" },
            ])
    }
}
