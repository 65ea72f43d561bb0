internal import ArgumentParser
internal import SqzProtocol

struct ModelPin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keeps models loaded when nobody uses them, also after the daemon was started anew.",
        discussion: """
            It is what the name means that stays loaded, also when it comes to mean another version. At most 4 names. For example:
              sqzctl model pin fashion
            """)

    @Argument(help: "Names.", completion: Completions.modelNames) var names: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(names, "model", ModelsInterface.Pin.self, { .init(name: $0) }) { name, reply in
            "model \(name) stays loaded: \(reply.model)"
        }
    }
}
