internal import ArgumentParser
internal import SqzProtocol

struct ModelRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes models that no waiting or running job uses.",
        discussion: """
            NAME alone is its highest version. For example:
              sqzctl model rm fashion-mnist@1
            """)

    @Argument(help: "NAME or NAME@VERSION.") var models: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(models, "model", ModelsInterface.Remove.self, { .init(model: $0) }) { name, reply in
            "model \(reply.model ?? name) removed"
        }
    }
}
