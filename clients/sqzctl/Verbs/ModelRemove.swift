internal import ArgumentParser
internal import SqzProtocol

struct ModelRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes models that no waiting or running job uses.",
        discussion: """
            NAME alone is enough where it has one version. What was removed leaves its name, version and checksum behind: \
            sqzctl models --removed. For example:
              sqzctl model rm fashion-mnist@1
              sqzctl model rm fashion-mnist --all
            """)

    @Argument(
        help: "NAME@VERSION or NAME@TAG; NAME where it has one version, or with --all.", completion: Completions.models)
    var models: [String]
    @Flag(help: "Remove all versions of each NAME.") var all = false
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        try each(models, "model") { name in
            try daemon.show(ModelsInterface.Remove.self, .init(model: name, all: all ? true : nil)) { reply in
                // An older daemon names the one that it removed.
                for removed in reply.removed ?? [reply.model ?? name] { Output.line("model \(removed) removed") }
            }
        }
    }
}
