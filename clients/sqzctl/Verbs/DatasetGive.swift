internal import ArgumentParser
internal import SqzProtocol

struct DatasetGive: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "give", abstract: "Gives a data set and its name to another user, which administrators may.",
        discussion: """
            For example:
              sqzctl dataset give fashion-mnist alice
            """)

    @Argument(help: "Its name.", completion: Completions.datasets) var dataset: String
    @Argument(help: "The user's name or number.") var user: String
    @OptionGroup var common: Common

    func run() throws {
        let uid = try Users.uid(of: user)
        try Daemon(common).show(DatasetsInterface.Give.self, .init(dataset: dataset, uid: uid)) { _ in
            Output.line("the name \(dataset) belongs to \(Format.user(uid))")
        }
    }
}
