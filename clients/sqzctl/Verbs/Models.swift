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
                .text("ARCHITECTURE") { $0.architecture },
                .text("BYPASS") { $0.bypass }.detail,
                .number("CLASSES") { String($0.classes.count) }.detail,
                .number("PARAMETERS") { Format.number($0.parameters) }.detail,
                .number("SIZE") { Format.bytes($0.size) }.detail,
                .number("ACCURACY") { $0.accuracy.map(Format.percent) ?? "-" },
                .name("DATA SET") { $0.dataset ?? "-" },
                .text("LOADED") { $0.loaded == true ? "yes" : "" }.detail,
                .text("USER") { Format.user($0.uid) }.detail,
                .text("MADE") { Format.clock($0.createdAt) },
                .text("WARNING") { $0.warning ?? "" },
            ])
    }
}
