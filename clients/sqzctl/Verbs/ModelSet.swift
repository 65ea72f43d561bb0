internal import ArgumentParser
internal import SqzProtocol

struct ModelSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Sets how a name's models are served.",
        discussion: """
            It holds for what the name means, now and later, also after the daemon was started anew; what is not given stays as \
            it is. For example:
              sqzctl model set fashion --max-batch 128 --max-delay 5
              sqzctl model set fashion --runners 2 --keep 1h
              sqzctl model set fashion --reset
            """)

    @Argument(help: "A name.", completion: Completions.modelNames) var name: String
    @Option(
        parsing: .unconditional,
        help: "Calls that wait go together up to so many pictures; a call of more goes alone. By default 64.")
    var maxBatch: Int?
    @Option(
        parsing: .unconditional,
        help:
            "For so many milliseconds pictures wait for others to join them. By default 0: only while others are computed."
    )
    var maxDelay: Int?
    @Option(parsing: .unconditional, help: "How many runners work on it at the same time, 1 to 4. By default 1.")
    var runners: Int?
    @Option(
        help:
            "How long it stays loaded when nobody uses it: seconds, or as 5m, 24h. By default what the daemon's settings say."
    )
    var keep: TimeSpan?
    @Flag(help: "Forget what was set before.") var reset = false
    @OptionGroup var common: Common

    func validate() throws {
        guard reset || [maxBatch, maxDelay, runners, keep?.seconds].contains(where: { $0 != nil }) else {
            throw ValidationError("give what to set: --max-batch, --max-delay, --runners, --keep or --reset")
        }
    }

    func run() throws {
        try Daemon(common).show(
            ModelsInterface.Serve.self,
            .init(
                name: name, maxBatch: maxBatch, maxDelay: maxDelay, runners: runners, keep: keep?.seconds,
                reset: reset ? true : nil)
        ) { reply in
            Output.line("model \(name) is served with \(Self.sentence(reply.serving))")
        }
    }

    static func sentence(_ serving: Serving) -> String {
        let delay = serving.maxDelay == 0 ? "no delay" : "a delay of \(Format.number(serving.maxDelay)) ms at most"
        return """
            \(Format.count(serving.maxBatch, "picture")) together at most, \(delay), \
            \(Format.count(serving.runners, "runner")), kept for \(Format.duration(Double(serving.keep)))
            """
    }
}
