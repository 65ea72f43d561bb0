internal import ArgumentParser
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what pictures show.",
        discussion: """
            A picture is a PNG, JPEG or WebP file of any size, known by its content, or 3,072 bytes (32x32 pixels: the red, \
            the green, the blue plane) or 3,073 (the label first, as in CIFAR-10's files). One that can't be used is \
            named, and the others are classified. Several have a line each: the file, its likeliest class and the \
            percentage; behind a pipe, with tabs between, the probability, and the label where there is one; with --json \
            an object. For example:
              sqzctl classify photo.jpg --model fashion-mnist --top 3
              sqzctl classify -r holidays > classes.tsv
              head -c 3073 test_batch.bin | sqzctl classify -
            """)

    @Argument(help: "Files, and with -r folders; - is standard input.", completion: .file())
    var images: [String]
    @Option(
        help: "NAME, NAME@VERSION or NAME@TAG. By default your newest without a warning, else the daemon's default.",
        completion: Completions.models)
    var model: String?
    @Option(parsing: .unconditional, help: "How many classes to name; by default 5, and 1 of each of several pictures.")
    var top: Int?
    @Flag(name: [.short, .long], help: "Take all pictures below folders, in the order of their paths.")
    var recursive = false
    @Option(
        help:
            "How long pictures may wait for those of others: seconds, or as 5m, 1h at most; the exit status is 75 then."
    )
    var timeout: TimeSpan?
    @Flag(help: "Tell where the time went: waiting for a runner, in its batch beside the network, in the network.")
    var timings = false
    @Option(
        help: "With flip, by the mean of the logits of each picture and its mirror image, in twice the time; else none."
    )
    var tta = Views.none
    @OptionGroup var common: Common

    /// What of a picture is looked at, as evaluate and predict call it.
    enum Views: String, ExpressibleByArgument, CaseIterable {
        case none, flip
    }

    func validate() throws {
        if let top, !Limits.classesToName.contains(top) {
            let range = Limits.classesToName
            throw ValidationError("--top must be from \(range.lowerBound) to \(range.upperBound), is \(top)")
        }
        if let timeout, timeout.seconds > Limits.classifyTimeout.upperBound / 1_000 {
            throw ValidationError("--timeout must be from 1 second to 1h, is \(timeout.seconds) seconds")
        }
    }

    private var milliseconds: Int? { timeout.map { $0.seconds * 1_000 } }

    func run() throws {
        let images = ManyArguments.expanded(images, Array(CommandLine.arguments.dropFirst()))
        if images.count == 1, !recursive || !PictureFolder.isOne(at: images[0]) {
            try classifyOne(images[0], Daemon(common))
        } else {
            // What is printed is made of the replies, with --json too.
            try classifyAll(images, Daemon(common.quiet))
        }
    }

    // One

    private func classifyOne(_ image: String, _ daemon: Daemon) throws {
        let base64 = Data(try PictureFile.read(image)).base64EncodedString()
        do {
            try ComingAgain.run(milliseconds) {
                try daemon.show(
                    InferenceInterface.Classify.self,
                    .init(
                        images: [base64], model: model, top: top, timeout: milliseconds, timings: timings ? true : nil,
                        flip: tta == .flip ? true : nil)
                ) {
                    try show($0, of: image, daemon)
                }
            }
        } catch let error as VarlinkError {
            // The user knows the picture by its name.
            guard case .badImage(_, let reason)? = SqzError(error) else { throw error }
            throw InputError(image, bad: reason)
        }
    }

    private func show(_ reply: InferenceInterface.Classify.Reply, of image: String, _ daemon: Daemon) throws {
        for result in reply.results {
            var label = ""
            if let index = result.label {
                // The reply names the likeliest classes only, and a label may be none of them.
                let named = result.classes.first { $0.index == index }?.name
                let names = try named == nil ? classes(of: reply.model, daemon) : []
                label = ", labelled \(named ?? (names.indices.contains(index) ? names[index] : "class \(index)"))"
            }
            Output.line("\(image)\(label) (\(reply.model))")
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
        if let timings = reply.timings { Output.line(CallTimings(timings).description) }
    }

    /// How wide it is behind a pipe, where a longer name moves the rest of its line.
    private static let columns = 80
    private static let leastNameColumns = 8

    private func classes(of model: String, _ daemon: Daemon) throws -> [String] {
        try daemon.call(ModelsInterface.Show.self, .init(model: model)).model.classes
    }

    // Several

    private func classifyAll(_ images: [String], _ daemon: Daemon) throws {
        let start = ContinuousClock.now
        var classifying = Classifying(
            daemon: daemon, model: model, top: top ?? (common.json ? nil : 1), timeout: milliseconds,
            wantsTimings: timings, flips: tta == .flip)
        var lines = ClassificationLines(json: common.json) { try classes(of: $0, daemon) }
        var failure: CInt?
        var done = 0
        func show(_ answers: [Classifying.Answer], _ model: String?) throws {
            Output.endLive()
            try lines.add(answers, model) { error in
                let status = try ExitStatus.tell(error)
                failure = failure ?? status
            }
            done += answers.count
            Output.live("\(Format.count(done, "picture"))  \(Format.rate(done, since: start))")
        }
        var remarks: [String] = []
        // Nobody asked for more than what is printed.
        for image in images where Output.isOpen {
            guard recursive, PictureFolder.isOne(at: image) else {
                try classifying.add(image, Result { () throws(InputError) in try PictureFile.read(image) }, show)
                continue
            }
            var folder = PictureFolder(image)
            try folder.forEach { path, picture in
                try classifying.add(path, picture, show)
                return Output.isOpen
            }
            if folder.isEmpty {
                let error = InputError(image, bad: "there is no picture below this folder")
                try classifying.add(image, .failure(error), show)
            }
            remarks += [folder.remark].compactMap { $0 }
        }
        if Output.isOpen { try classifying.finish(show) }
        Output.endLive()
        for remark in remarks { Output.error(remark) }
        if let timings = classifying.timings { Output.error(timings.description) }
        if let failure { throw ExitCode(failure) }
    }
}
