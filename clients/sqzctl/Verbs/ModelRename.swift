internal import ArgumentParser
internal import SqzProtocol

struct ModelRename: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a model, all its versions, another name.",
        discussion: """
            The old name stays its owner's and goes on to mean the model, so that jobs and programs that use it go on. For example:
              sqzctl model rename fashion clothes
            """)

    @Argument(help: "NAME.", completion: Completions.modelNames) var name: String
    @Argument(help: "A name that nobody has: NAME, or USER/NAME.") var to: String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.Rename.self, .init(name: name, to: to)) { _ in
            Output.line("model \(name) is called \(to)")
        }
    }
}
