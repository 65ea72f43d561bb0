internal import ArgumentParser
internal import SqzProtocol

struct ModelUnpin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Has models unloaded again when nobody uses them.",
        discussion: """
            For example:
              sqzctl model unpin fashion
            """)

    @Argument(help: "Names.", completion: Completions.modelNames) var names: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(names, "model", ModelsInterface.Unpin.self, { .init(name: $0) }) { name, _ in
            "model \(name) is not pinned"
        }
    }
}
