internal import ArgumentParser
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists models, newest first.",
        discussion: """
            For example:
              sqzctl models
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.List.self, NoParameters()) { reply in
            var table = Table(
                ["MODEL", "ARCHITECTURE", "BYPASS", "CLASSES", "PARAMETERS", "SIZE", "ACCURACY", "DATA SET", "MADE"],
                numeric: [3, 4, 5, 6])
            for model in reply.models {
                table.add([
                    "\(model.name)@\(model.version)", model.architecture, model.bypass, String(model.classes.count),
                    Format.number(model.parameters), Format.bytes(model.size),
                    model.accuracy.map(Format.percent) ?? "-",
                    model.dataset ?? "-", Format.time(model.createdAt),
                ])
            }
            table.print()
        }
    }
}

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Shows, exports, imports or removes one model.",
        discussion: """
            For example:
              sqzctl model show fashion-mnist
            """,
        subcommands: [ModelShow.self, ModelExport.self, ModelImport.self, ModelRemove.self])
}

struct ModelShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a model's layers, their parameters and multiply-adds, and where it came from.",
        discussion: """
            For example:
              sqzctl model show fashion-mnist@2
            """)

    @Argument(help: "NAME or NAME@VERSION.") var model: String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.Show.self, .init(model: model)) { reply in
            let model = reply.model
            var fields = Fields()
            fields.add("model", "\(model.name)@\(model.version)")
            fields.add("architecture", "\(model.architecture), bypass \(model.bypass)")
            fields.add("classes", Self.classes(model.classes))
            fields.add("preprocessing", model.preprocessing)
            fields.add("size", "\(Format.bytes(model.size)) (\(Format.number(model.parameters)) parameters)")
            fields.add("validation", Self.figures(model))
            fields.add("made", Format.time(model.createdAt) + " by \(Format.user(model.uid)), runner \(model.runner)")
            fields.add(
                "from",
                [model.dataset.map { "data set \($0)" }, model.job.map { "job \($0)" }].compactMap { $0 }.joined(
                    separator: ", "))
            fields.add("file sha256", model.sha256)
            fields.add("weights sha256", model.weightsSha256)
            fields.print()
            Output.line("")
            var table = Table(["LAYER", "KIND", "OUTPUT", "PARAMETERS", "MULTIPLY-ADDS"], numeric: [3, 4])
            for layer in reply.layers {
                table.add([
                    layer.name, layer.kind, layer.output.map(String.init).joined(separator: "x"),
                    Format.number(layer.parameters), Format.number(layer.multiplyAdds),
                ])
            }
            table.add(["all", "", "", Format.number(model.parameters), Format.number(model.multiplyAdds)])
            table.print()
        }
    }

    private static func classes(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return "\(names.count): \(shown)\(names.count > 12 ? ", …" : "")"
    }

    private static func figures(_ model: Model) -> String? {
        guard model.loss != nil || model.accuracy != nil else { return nil }
        return Format.outcome(Outcome(loss: model.loss, accuracy: model.accuracy))
    }
}

struct ModelRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes models that no waiting or running job uses.",
        discussion: """
            NAME alone is its newest version. For example:
              sqzctl model rm fashion-mnist@1
            """)

    @Argument(help: "NAME or NAME@VERSION.") var models: [String]
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        for name in models {
            try daemon.show(ModelsInterface.Remove.self, .init(model: name)) { _ in Output.line("model \(name) removed")
            }
        }
    }
}

struct ModelExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model to a safetensors file, with the weights under PyTorch's names.",
        discussion: """
            For example:
              sqzctl model export fashion-mnist fashion-mnist.safetensors
            """)

    @Argument(help: "NAME or NAME@VERSION.") var model: String
    @Argument(help: "The file; it must not exist.") var file: String
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        // A version, so that all pieces are of one file.
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: model)).model
        let output = try NewFile(path: file)
        var written = 0
        while written < model.size {
            let reply = try daemon.call(
                ModelsInterface.Read.self, .init(model: "\(model.name)@\(model.version)", offset: written))
            guard let bytes = Data(base64Encoded: reply.data), !bytes.isEmpty else {
                throw ConnectionError.malformed("no data")
            }
            try output.write(Array(bytes))
            written += bytes.count
        }
        try output.commit()
        if !common.json { Output.line("\(file): \(model.name)@\(model.version), \(Format.bytes(written))") }
    }
}

struct ModelImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Registers a model file, such as model export writes, as a model's next version.",
        discussion: """
            For example:
              sqzctl model import fashion-mnist.safetensors --name fashion-mnist
            """)

    @Argument(help: "The file.") var file: String
    @Option(help: "The model's name. By default the file's.")
    var name: String?
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common)
        let name = try name ?? Importing.name(for: file)
        let sha256 = try daemon.upload(file, named: file)
        Output.endLive()
        try daemon.show(ModelsInterface.Import.self, .init(name: name, sha256: sha256)) { reply in
            Output.line("model \(reply.model.name)@\(reply.model.version)")
        }
    }
}
