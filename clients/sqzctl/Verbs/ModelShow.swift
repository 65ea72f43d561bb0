internal import ArgumentParser
internal import SqzProtocol

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
            fields.add("classes", Format.classes(model.classes))
            fields.add("preprocessing", model.preprocessing)
            fields.add("size", "\(Format.bytes(model.size)) (\(Format.count(model.parameters, "parameter")))")
            fields.add("validation", Self.figures(model))
            fields.add("warning", model.warning)
            fields.add("made", Format.time(model.createdAt) + " by \(Format.user(model.uid)), runner \(model.runner)")
            fields.add(
                "from",
                [model.dataset.map { "data set \($0)" }, model.job.map { "job \($0)" }].compactMap { $0 }.joined(
                    separator: ", "))
            fields.add("file sha256", model.sha256)
            fields.add("weights sha256", model.weightsSha256)
            fields.print()
            Output.line("")
            let all = Layer(
                name: "all", kind: "", output: [], parameters: model.parameters, multiplyAdds: model.multiplyAdds)
            Table(
                reply.layers + [all],
                [
                    .text("LAYER") { $0.name },
                    .text("KIND") { $0.kind },
                    .text("OUTPUT") { $0.output.map(String.init).joined(separator: "x") },
                    .number("PARAMETERS") { Format.number($0.parameters) },
                    .number("MULTIPLY-ADDS") { Format.number($0.multiplyAdds) },
                ]
            ).print()
        }
    }

    private static func figures(_ model: Model) -> String? {
        guard model.loss != nil || model.accuracy != nil else { return nil }
        return Format.outcome(Outcome(loss: model.loss, accuracy: model.accuracy))
    }
}
