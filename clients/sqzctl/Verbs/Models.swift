internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists models, newest first.",
        discussion: """
            NAME alone is the version that is promoted. For example:
              sqzctl models
              sqzctl models --removed
            """)

    @Flag(help: "List what was removed instead, the last first.") var removed = false
    @OptionGroup var common: Common

    func run() throws {
        if removed {
            return try Daemon(common).list(
                ModelsInterface.Removed.self, NoParameters(), \.removed,
                [
                    .text("MODEL") { "\($0.name)@\($0.version)" },
                    .text("REMOVED") { Format.clock($0.removedAt) },
                    .text("BY") { Format.user($0.removedBy) },
                    .text("SHA256") { $0.sha256 }.detail,
                ])
        }
        try Daemon(common).list(
            ModelsInterface.List.self, NoParameters(), \.models,
            [
                .name("MODEL") { "\($0.name)@\($0.version)" },
                .text("PROMOTED") { $0.promoted == true ? $0.pinned == true ? "pinned" : "yes" : "" },
                .text("TAGS") { $0.tags?.joined(separator: ", ") ?? "" },
                .text("ARCHITECTURE") { $0.architecture }.detail(1),
                .text("BYPASS") { $0.bypass }.detail(2),
                .number("CLASSES") { String($0.classes.count) }.detail(2),
                .number("PARAMETERS") { Format.number($0.parameters) }.detail(2),
                .number("SIZE") { Format.bytes($0.size) }.detail(2),
                .number("ACCURACY") { $0.accuracy.map(Format.percent) ?? "-" },
                .name("DATA SET") { $0.dataset ?? "-" }.detail(1),
                .text("LOADED") { $0.loaded == true ? "yes" : "" }.detail(2),
                .text("USER") { Format.user($0.uid) }.detail(2),
                .text("MADE") { Format.clock($0.createdAt) }.detail(1),
                .text("WARNING") { $0.warning ?? "" }.least(40),
            ])
    }
}
