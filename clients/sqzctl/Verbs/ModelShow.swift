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

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG.", completion: Completions.models) var model: String
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ModelsInterface.Show.self, .init(model: model)) { reply in
            let model = reply.model
            var fields = Fields()
            fields.add("model", "\(model.name)@\(model.version)")
            fields.add("promoted", Self.promotion(model))
            fields.add("tags", model.tags?.joined(separator: ", "))
            fields.add("loaded", model.loaded == true ? model.pinned == true ? "yes, and stays so" : "yes" : nil)
            fields.add("served with", reply.serving.map(ModelSet.sentence))
            fields.add("name of", model.owner.flatMap { $0 == model.uid ? nil : Format.user($0) })
            fields.add("architecture", "\(model.architecture), bypass \(model.bypass)")
            fields.add("classes", Format.classes(model.classes))
            fields.add("preprocessing", model.preprocessing)
            let bits = model.bits.map { " of \($0) bits" } ?? ""
            fields.add("size", "\(Format.bytes(model.size)) (\(Format.count(model.parameters, "parameter"))\(bits))")
            fields.add("validation", Self.figures(model))
            fields.add("warning", model.warning)
            fields.add("made", Format.time(model.createdAt) + " by \(Format.user(model.uid)), runner \(model.runner)")
            fields.add(
                "from",
                [model.dataset.map { "data set \($0)" }, model.job.map { "job \($0)" }].compactMap { $0 }.joined(
                    separator: ", "))
            fields.add("file sha256", model.sha256)
            fields.add("weights sha256", model.weightsSha256)
            for (name, value) in Self.lines(of: reply.history ?? []) { fields.add(name, value) }
            fields.print()
            Output.line("")
            let all = Layer(
                name: "all", kind: "", output: [], parameters: model.parameters, multiplyAdds: model.multiplyAdds)
            Table(
                reply.layers + [all],
                [
                    .text("LAYER") { $0.name },
                    .text("KIND") { $0.kind }.detail(3),
                    .text("KERNEL") { $0.kernel.map { "\($0)x\($0)" } ?? "" }.detail(4),
                    .number("STRIDE") { $0.stride.map(String.init) ?? "" }.detail(4),
                    .number("PADDING") { $0.padding.map(String.init) ?? "" }.detail(4),
                    .text("OUTPUT") { $0.output.map(String.init).joined(separator: "x") }.detail(2),
                    .number("PARAMETERS") { Format.number($0.parameters) },
                    .number("MULTIPLY-ADDS") { Format.number($0.multiplyAdds) }.detail(1),
                ]
            ).print()
        }
    }

    /// Whether NAME alone is this one; nil where an older daemon does not say.
    private static func promotion(_ model: Model) -> String? {
        model.promoted.map { $0 ? "yes: \(model.name) is this version" : "no: \(model.name) is another version" }
    }

    /// What the model's file says of how it was made, then of what it was tuned from: names and values.
    private static func lines(of history: [Generation]) -> [(String, String?)] {
        history.enumerated().flatMap { place, made in
            [
                (place == 0 ? "history" : "before that", sentence(of: made)),
                (
                    "with",
                    made.options.map { options in
                        options.sorted { $0.key < $1.key }.map { "\($0) \($1)" }.joined(separator: ", ")
                    }
                ), ("taken for granted", made.remarks?.joined(separator: "; ")),
            ]
        }
    }

    private static func sentence(of made: Generation) -> String {
        var parts: [String?] = []
        if let format = made.format {
            parts.append("imported from \(format)" + (made.origin.map { " of \($0)" } ?? ""))
        } else {
            let pictures = made.pictures.map { "\(Format.count($0, "picture"))" }
            let dataset = made.dataset.map { "data set \($0)" } ?? "a data set"
            let isTrained = made.bits == nil && made.temperature == nil
            let checksum = made.datasetSha256.map { " (sha256 \($0))" } ?? ""
            parts.append(
                (made.temperature.map { "calibrated to temperature \(Format.figure($0)) with " }
                    ?? made.bits.map { "brought to \($0) bits with " } ?? "trained with ")
                    + [pictures, dataset].compactMap { $0 }.joined(separator: " of ") + checksum)
            parts.append(
                made.base.map { "\(isTrained ? "tuned from" : "of") \($0)" }
                    ?? made.baseWeightsSha256.map { _ in isTrained ? "tuned" : "of a model" })
            parts.append(made.baseWeightsSha256.map { "whose weights' sha256 is \($0)" })
            parts.append(epochs(of: made))
            parts.append(made.seed.map { "seed \($0)" })
            parts.append(made.loss.map { "loss \(Format.figure($0))" })
            parts.append(made.accuracy.map { "accuracy \(Format.percent($0))" })
            parts.append(made.validationLoss.map { "validation loss \(Format.figure($0))" })
            parts.append(made.validationAccuracy.map { "validation accuracy \(Format.percent($0))" })
        }
        parts.append(made.version.map { "by sqzd \($0)" })
        return parts.compactMap { $0 }.joined(separator: ", ")
    }

    /// How many there were, of how many, and of which it is.
    private static func epochs(of made: Generation) -> String? {
        guard let epochs = made.epochs else { return nil }
        guard let epoch = made.epoch, let last = made.lastEpoch else { return Format.count(epochs, "epoch") }
        return [
            last < epochs ? "ended in epoch \(last) of \(epochs)" : Format.count(epochs, "epoch"),
            epoch < last ? "of which it is epoch \(epoch)" : nil,
        ].compactMap { $0 }.joined(separator: ", ")
    }

    private static func figures(_ model: Model) -> String? {
        guard model.loss != nil || model.accuracy != nil else { return nil }
        return Format.outcome(Outcome(loss: model.loss, accuracy: model.accuracy))
    }
}
