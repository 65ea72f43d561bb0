internal import ArgumentParser
internal import SqzProtocol

struct Wait: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Waits until jobs have ended; the exit status tells how.",
        discussion: """
            For example:
              sqzctl wait 7 8 --timeout 600 && sqzctl models
            """)

    @Argument(help: JobWord.help, completion: Completions.unendedJobs) var jobs: [JobWord]
    @Option(
        parsing: .unconditional,
        help: "How long to wait at most, for all of them: seconds, or as 90m, 2h; the exit status is 75 then.",
        transform: seconds)
    var timeout: Double?
    @OptionGroup var common: Common

    func validate() throws {
        let longest = Double(Limits.longestTime)
        if let timeout, !(0...longest).contains(timeout) {
            throw ValidationError("--timeout must be from 0 to \(Limits.longestTime) seconds, is \(timeout)")
        }
    }

    /// Seconds may be 0, or less than one.
    private static func seconds(_ text: String) throws -> Double {
        if let seconds = Double(text) ?? TimeSpan(argument: text).map({ Double($0.seconds) }) { return seconds }
        throw ValidationError("right would be seconds, or as 90m, 2h")
    }

    func run() throws {
        let deadline = timeout.map { ContinuousClock.now + .seconds($0) }
        var ends: [State] = []
        try eachJob(jobs, common) { id in
            let end = try Following.end(of: id, common, until: deadline)
            ends.append(end)
            try Daemon(common).show(JobsInterface.Show.self, .init(id: id)) { _ in
                Output.line("job \(id)  \(end.rawValue)")
            }
        }
        try Following.exit(with: ends)
    }
}
