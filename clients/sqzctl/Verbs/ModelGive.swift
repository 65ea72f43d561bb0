internal import ArgumentParser
internal import SqzProtocol

struct ModelGive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "give", abstract: "Gives a model's name to another user, which administrators may.",
        discussion: """
            For example:
              sqzctl model give fashion alice
            """)

    @Argument(help: "NAME.", completion: Completions.modelNames) var name: String
    @Argument(help: "The user's name or number.") var user: String
    @OptionGroup var common: Common

    func run() throws {
        let uid = try Users.uid(of: user)
        try Daemon(common).show(ModelsInterface.Give.self, .init(name: name, uid: uid)) { _ in
            Output.line("the name \(name) belongs to \(Format.user(uid))")
        }
    }
}
