internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how many pictures the daemon classifies in a second, and how long calls take.",
        discussion: """
            Each connection has one call outstanding all the time; the first second is not counted. Without files the \
            pictures are random pixels of the model's size. What this program takes of the processors is told too: it \
            works on the same machine. Ctrl-C ends it early. For example:
              sqzctl bench --model fashion-mnist --connections 64
              sqzctl bench --connections 4 --pictures 32 photos
            """)

    @Argument(help: "Pictures, and folders of them; at most 1,024 and 64 MB are used.", completion: .file())
    var files: [String] = []
    @Option(
        help: "NAME, NAME@VERSION or NAME@TAG. By default your newest without a warning, else the daemon's default.",
        completion: Completions.models)
    var model: String?
    @Option(parsing: .unconditional, help: "How many connections.") var connections = 64
    @Option(parsing: .unconditional, help: "How many pictures a call has.") var pictures = 1
    @Option(parsing: .unconditional, help: "How long to measure.") var seconds = 10.0
    @Option(parsing: .unconditional, help: "How many classes a reply is to name.") var top = Limits.classesNamed
    @OptionGroup var common: Common

    func validate() throws {
        func check<Value: Comparable>(_ option: String, _ value: Value, _ range: ClosedRange<Value>) throws {
            guard !range.contains(value) else { return }
            throw ValidationError(
                "--\(option) must be from \(range.lowerBound) to \(range.upperBound), is \(value)")
        }
        try check("connections", connections, 1...Limits.connectionsPerUser)
        try check("pictures", pictures, 1...Limits.imagesPerCall)
        try check("seconds", seconds, 0.1...86_400)
        try check("top", top, Limits.classesToName)
    }

    private static let warmUp = 1.0

    /// What `--json` prints. Errors are those of the first second too.
    private struct Report: Encodable {
        struct Latency: Encodable {
            let p50, p90, p99, max: Double
        }
        let model: String
        let connections: Int
        let picturesPerCall: Int
        let seconds: Double
        let calls: Int
        let callsPerSecond: Double
        let picturesPerSecond: Double
        let latencyMilliseconds: Latency
        let errors: [String: Int]
        /// Seconds of a processor a second.
        let ownProcessors: Double
    }

    func run() throws {
        let (load, path) = try prepare()
        guard !load.pictures.isEmpty else { throw ExitCode(load.failure ?? EX_NOINPUT) }
        var generator = try LoadGenerator(load.calls(of: pictures, top: top), connections: connections, to: path)
        let tally = try generator.run(seconds: seconds, warmUp: Self.warmUp) { tally in
            Output.live("\(Format.decimal(tally.seconds, places: 0)) s  \(rates(tally))  \(latencies(tally.latencies))")
        }
        Output.endLive()
        if tally.seconds > 0 {
            if common.json { try Output.object(report(tally, load.model)) } else { show(tally, load) }
        }
        if tally.isLost { throw ConnectionError.closed }
        if let error = tally.firstError { throw ExitCode(try ExitStatus.tell(error)) }
        if tally.latencies.count == 0 { throw ConnectionError.timedOut }
        if let failure = load.failure { throw ExitCode(failure) }
    }

    /// The connection that was needed for it is closed.
    private func prepare() throws -> (BenchPictures, String) {
        let daemon = try Daemon(common.quiet)
        let load =
            try files.isEmpty
            ? BenchPictures(randomFor: model, daemon) : BenchPictures(files, model: model, daemon)
        return (load, daemon.path)
    }

    private func show(_ tally: LoadGenerator.Tally, _ load: BenchPictures) {
        var fields = Fields()
        fields.add("model", load.model)
        fields.add("pictures", load.description)
        fields.add(
            "load",
            """
            \(Format.count(connections, "connection")), \(Format.count(pictures, "picture")) a call, \
            \(Format.decimal(tally.seconds, places: 1)) s
            """)
        fields.add("rate", rates(tally))
        fields.add("latency", latencies(tally.latencies))
        let errors = tally.errors.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        fields.add("errors", errors.map { "\($0.key) \(Format.number($0.value))" }.joined(separator: ", "))
        fields.add("sqzctl took", Format.percent(tally.ownSeconds / tally.seconds) + " of a processor")
        fields.print()
    }

    private func perSecond(_ tally: LoadGenerator.Tally) -> Double { Double(tally.latencies.count) / tally.seconds }

    private func rates(_ tally: LoadGenerator.Tally) -> String {
        func text(_ rate: Double) -> String { rate < 10 ? Format.decimal(rate, places: 1) : Format.number(Int(rate)) }
        let calls = perSecond(tally)
        let perPicture = "\(text(calls * Double(pictures))) pictures/s"
        return pictures == 1 ? perPicture : "\(perPicture) (\(text(calls)) calls/s)"
    }

    private func latencies(_ latencies: Latencies) -> String {
        func text(_ value: UInt64) -> String { Format.figure(Double(value) / 1e6) + " ms" }
        let shares = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]
        let parts = shares.map { "\($0) \(text(latencies.quantile($1)))" }
        return (parts + ["longest \(text(latencies.longest))"]).joined(separator: ", ")
    }

    private func report(_ tally: LoadGenerator.Tally, _ model: String) -> Report {
        func milliseconds(_ value: UInt64) -> Double { Double(value) / 1e6 }
        let latencies = tally.latencies
        return Report(
            model: model, connections: connections, picturesPerCall: pictures, seconds: tally.seconds,
            calls: latencies.count, callsPerSecond: perSecond(tally),
            picturesPerSecond: perSecond(tally) * Double(pictures),
            latencyMilliseconds: .init(
                p50: milliseconds(latencies.quantile(0.5)), p90: milliseconds(latencies.quantile(0.9)),
                p99: milliseconds(latencies.quantile(0.99)), max: milliseconds(latencies.longest)),
            errors: tally.errors, ownProcessors: tally.ownSeconds / tally.seconds)
    }
}
