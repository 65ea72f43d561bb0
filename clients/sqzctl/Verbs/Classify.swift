internal import ArgumentParser
internal import SqzProtocol

struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what pictures show.",
        discussion: """
            A picture is a file of 3,072 bytes (32x32 pixels: the red, the green, \
            the blue plane) or 3,073 (the label first, as in CIFAR-10's files). One that \
            can't be used is named, and the others are classified. For example:
              sqzctl classify image.bin --model fashion-mnist --top 3
              head -c 3073 test_batch.bin | sqzctl classify -
            """)

    @Argument(help: "Files; - is standard input.")
    var images: [String]
    @Option(help: "NAME or NAME@VERSION. By default the default model, else the newest without a warning.")
    var model: String?
    @Option(parsing: .unconditional, help: "How many classes to name.")
    var top: Int?
    @OptionGroup var common: Common

    func validate() throws {
        if let top, !Limits.classesToName.contains(top) {
            let range = Limits.classesToName
            throw ValidationError("--top must be from \(range.lowerBound) to \(range.upperBound), is \(top)")
        }
    }

    func run() throws {
        let daemon = try Daemon(common)
        var classifying = Classifying(daemon: daemon, model: model, top: top)
        // Nobody asked for more than what is printed.
        for image in images where Output.isOpen { try classifying.add(image) { try show($1, of: $0, daemon) } }
        if Output.isOpen { try classifying.finish { try show($1, of: $0, daemon) } }
        if let failure = classifying.failure { throw ExitCode(failure) }
    }

    private func show(_ reply: InferenceInterface.Classify.Reply, of images: [String], _ daemon: Daemon) throws {
        // The reply names the likeliest classes only, and a label may be none of them.
        let isNamed = reply.results.allSatisfy { result in
            result.label == nil || result.classes.contains { $0.index == result.label }
        }
        let names = isNamed ? [] : try daemon.call(ModelsInterface.Show.self, .init(model: reply.model)).model.classes
        for (image, result) in zip(images, reply.results) {
            let label = result.label.map { label in
                let name = result.classes.first { $0.index == label }?.name
                return ", labelled \(name ?? (names.indices.contains(label) ? names[label] : "class \(label)"))"
            }
            Output.line("\(image)\(label ?? "") (\(reply.model))")
            let entries = result.classes.map { ($0.name.cell, $0.probability) }
            let terminal = Terminal.output
            // Beside it stand its probability and a bar of 20.
            let room = max((terminal?.columns ?? Self.columns) - 35, Self.leastNameColumns)
            let width = min(entries.map(\.0.columns).max() ?? 0, room)
            for (name, probability) in entries {
                // Behind a pipe nothing is cut.
                let name = (terminal == nil ? name : name.cut(to: width)).padded(to: width)
                let percent = Format.percent(probability).padded(to: 8, atStart: true)
                Output.line("  \(name)  \(percent)  \(Format.bar(probability))")
            }
        }
    }

    /// How wide it is behind a pipe, where a longer name moves the rest of its line.
    private static let columns = 80
    private static let leastNameColumns = 8
}
