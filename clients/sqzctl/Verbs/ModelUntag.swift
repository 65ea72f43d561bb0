internal import ArgumentParser
internal import SqzProtocol

struct ModelUntag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "untag", abstract: "Takes tags away from versions.",
        discussion: """
            For example:
              sqzctl model untag fashion@production
            """)

    @Argument(help: "NAME@TAG.", completion: Completions.tags) var models: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(models, "model", ModelsInterface.Untag.self, { .init(model: $0) }) { name, reply in
            "\(name) is no more; it was \(reply.model)"
        }
    }
}
