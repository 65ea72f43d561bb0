internal import ArgumentParser
internal import SqzProtocol

struct ModelPromote: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Has NAME mean one version from now on.",
        discussion: """
            It is verified and loaded before; calls that are under way end with the version that they began with. What is trained \
            under the name later answers only when it is promoted too. NAME alone means the newest of its owner's again, and those \
            that come. For example:
              sqzctl model promote fashion@2
              sqzctl model promote fashion
            """)

    @Argument(help: "NAME@VERSION or NAME@TAG; NAME alone is its newest.", completion: Completions.models) var model:
        String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.Promote.self, .init(model: model)) { reply in
            Output.line(Self.line(reply.model, before: reply.before))
        }
    }

    static func line(_ model: String, before: String?) -> String {
        let name = model.prefix { $0 != "@" }
        guard let before, before != model else { return "\(name) is \(model)" }
        return "\(name) is \(model); before it was \(before)"
    }
}
