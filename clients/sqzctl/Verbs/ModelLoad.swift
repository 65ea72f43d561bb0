internal import ArgumentParser
internal import SqzProtocol

struct ModelLoad: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Loads models to classify with, and ends when they are loaded.",
        discussion: """
            For example:
              sqzctl model load fashion
            """)

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG.", completion: Completions.models) var models: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(models, "model", ModelsInterface.Load.self, { .init(model: $0) }) { _, reply in
            "model \(reply.model) is loaded"
        }
    }
}
