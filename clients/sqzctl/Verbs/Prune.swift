internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Removes what of yours is not needed any more.",
        discussion: """
            For example:
              sqzctl prune --dry-run
              sqzctl prune --predictions --older-than 30d
              sqzctl prune --jobs --user alice

            With --older-than or --dry-run, no further word means --all. A job that a waiting one needs stays, as do data sets and \
            models.
            """)

    @Flag(help: "Jobs that have ended, with their events, logs, predictions and checkpoints.") var jobs = false
    @Flag(help: "Predictions of jobs that have succeeded.") var predictions = false
    @Flag(help: "Checkpoints of jobs that have failed; retried, these begin anew.") var checkpoints = false
    @Flag(help: "Uploads to which nothing was added for an hour.") var uploads = false
    @Flag(help: "All of these.") var all = false
    @Option(
        help: ArgumentHelp(
            "Only what is of jobs that ended longer ago, and uploads older than that: as 90m, 2h, 7d.",
            valueName: "time"))
    var olderThan: TimeSpan?
    @Option(help: "What another user has, by name or number; for administrators.") var user: String?
    @Flag(help: "What all users have; for administrators.") var allUsers = false
    @Flag(name: [.customShort("n"), .long], help: "Say what would go, and remove nothing.") var dryRun = false
    @OptionGroup var common: Common

    func validate() throws {
        if user != nil, allUsers { throw ValidationError("--user and --all-users exclude each other") }
        guard !kinds.isEmpty || olderThan != nil || dryRun else {
            throw ValidationError(
                """
                say what: --jobs, --predictions, --checkpoints, --uploads, --all or --older-than; --dry-run shows what there is
                """)
        }
    }

    /// Those that were named.
    private var kinds: [PruneKind] {
        let chosen: [(Bool, PruneKind)] = [
            (jobs, .jobs), (predictions, .predictions), (checkpoints, .checkpoints), (uploads, .uploads),
        ]
        return chosen.filter { all || $0.0 }.map(\.1)
    }

    func run() throws {
        let parameters = ManagerInterface.Prune.Parameters(
            what: kinds.isEmpty ? PruneKind.allCases : kinds,
            before: olderThan.map { (time(nil) - $0.seconds) * 1_000_000 }, uid: try user.map(Users.uid),
            everyone: allUsers ? true : nil, dryRun: dryRun ? true : nil)
        try Daemon(common).show(ManagerInterface.Prune.self, parameters) { reply in
            for part in reply.pruned {
                let who = part.uid == Int(getuid()) ? "" : ", of \(Format.user(part.uid))"
                Output.line("\(Self.named(part))\(who)  \(Format.bytes(part.bytes))\(dryRun ? "  would go" : "")")
            }
            if reply.pruned.isEmpty { Output.line("nothing \(dryRun ? "would go" : "to remove")") }
        }
    }

    private static func named(_ part: PrunedPart) -> String {
        switch part.what {
        case .jobs: Format.count(part.count, "job")
        case .predictions: "predictions of \(Format.count(part.count, "job"))"
        case .checkpoints: "checkpoints of \(Format.count(part.count, "job"))"
        case .uploads: Format.count(part.count, "upload")
        }
    }
}
