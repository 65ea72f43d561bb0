internal import ArgumentParser
internal import SqzProtocol

struct ModelRollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Has NAME mean the version that was promoted before.",
        discussion: """
            Where none was, it is its owner's version before this one. For example:
              sqzctl model rollback fashion
            """)

    @Argument(help: "NAME.", completion: Completions.modelNames) var name: String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.Rollback.self, .init(name: name)) { reply in
            Output.line(ModelPromote.line(reply.model, before: reply.before))
        }
    }
}
