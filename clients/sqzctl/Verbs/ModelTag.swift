internal import ArgumentParser
internal import SqzProtocol

struct ModelTag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Gives a version a word that it can be called by, NAME@TAG.",
        discussion: """
            A version that has the tag already loses it. For example:
              sqzctl model tag fashion@2 production
              sqzctl classify photo.jpg --model fashion@production
            """)

    @Argument(help: "NAME@VERSION, NAME@TAG, or NAME, its promoted version.", completion: Completions.models) var model:
        String
    @Argument(help: "The tag: a word like a name, with a letter in it.") var tag: String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.Tag.self, .init(model: model, tag: tag)) { reply in
            let before = reply.before.flatMap { $0 == reply.model ? nil : "; before it was \($0)" }
            Output.line("\(reply.model.prefix { $0 != "@" })@\(tag) is \(reply.model)\(before ?? "")")
        }
    }
}
