internal import ArgumentParser
internal import SqzProtocol

struct ModelUnload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unload", abstract: "Ends the runners of models that are loaded and not in use.",
        discussion: """
            The next use loads them anew. For example:
              sqzctl model unload fashion
            """)

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG.", completion: Completions.models) var models: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(models, "model", ModelsInterface.Unload.self, { .init(model: $0) }) { _, reply in
            "model \(reply.model) is unloaded"
        }
    }
}
