internal import ArgumentParser
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct ModelPush: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Copies a model to another daemon, byte for byte.",
        discussion: """
            It becomes the next version of its name there, unless one of the name's versions is the same file already. What the daemon \
            there has of an interrupted copy is not sent again. --json prints that daemon's reply.

            For example:
              sqzctl model push cifar@3 ssh://user@box --promote
              sqzctl --socket ~/sqzd.socket model push cifar /run/sqzd/io.sqzd
            """)

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG.", completion: Completions.models) var model: String
    @Argument(
        help: """
            The other daemon: ssh://user@box, also with :port and /its/socket, or the path of a socket of this machine.
            """, completion: .file())
    var to: String
    @Option(help: "What it is called there. By default as it is here.") var name: String?
    @Flag(help: "Has the name mean this version there from now on.") var promote = false
    @OptionGroup var common: Common

    func run() throws {
        guard to != "" else {
            throw UsageError(description: "TO is empty; right would be ssh://user@box or a socket's path")
        }
        let here = try Daemon(common)
        let model = try here.call(ModelsInterface.Show.self, .init(model: model)).model
        let source = "\(model.name)@\(model.version)"
        let name = name ?? model.name
        let there = try Daemon(at: to, json: common.json)
        let same = try same(as: model, named: name, at: there)
        let pushed: String
        if let same {
            pushed = "\(same.name)@\(same.version)"
            try there.show(ModelsInterface.Show.self, .init(model: pushed)) { _ in
                Output.line("\(source) is there already, as \(pushed)")
            }
        } else {
            let upload = Upload(source, sha256: model.sha256, size: model.size) { offset in
                let reply = try here.call(ModelsInterface.Read.self, .init(model: source, offset: offset))
                guard let bytes = Data(base64Encoded: reply.data) else { throw ConnectionError.malformed("no data") }
                return Array(bytes)
            }
            try there.send(upload)
            Output.endLive()
            let made = try there.show(
                ModelsInterface.Import.self, .init(name: name, sha256: model.sha256, classes: nil, preprocessing: nil)
            ) { reply in
                Output.line("\(source) is \(reply.model.name)@\(reply.model.version) there")
                for sentence in reply.sentences { Output.line("  \(sentence)") }
            }.model
            pushed = "\(made.name)@\(made.version)"
        }
        guard promote else { return }
        try there.show(ModelsInterface.Promote.self, .init(model: pushed)) { reply in
            Output.line(ModelPromote.line(reply.model, before: reply.before))
        }
    }

    /// The newest version there that is the same file, of what the name means there: it may be an earlier one.
    private func same(as model: Model, named name: String, at there: Daemon) throws -> Model? {
        let models = try there.call(ModelsInterface.List.self, NoParameters()).models
            .filter { $0.sha256 == model.sha256 }.sorted { $0.version > $1.version }
        if let same = models.first(where: { $0.name == name }) { return same }
        for model in models {
            do {
                let meant = try there.call(ModelsInterface.Show.self, .init(model: "\(name)@\(model.version)")).model
                if meant.name == model.name { return model }
            } catch let error as VarlinkError {
                guard case .noSuchModel? = SqzError(error) else { throw error }
            }
        }
        return nil
    }
}
