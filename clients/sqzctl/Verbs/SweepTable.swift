internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct SweepTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Shows the jobs of a sweep side by side, and what they came to.",
        discussion: """
            For example:
              sqzctl sweep sweep-9

            LOSS and ACCURACY are those of the model that a job made; before, those of the validation in its best epoch so far.
            """)

    @Argument(help: "The sweep's name.", completion: Completions.sweeps) var name: String
    @OptionGroup var common: Common

    func run() throws { try Self.show(name, common) }

    static func show(_ name: String, _ common: Common) throws {
        try Daemon(common).show(JobsInterface.ShowSweep.self, .init(name: name), print)
    }

    private static func print(_ reply: JobsInterface.ShowSweep.Reply) {
        let sweep = reply.sweep
        var fields = Fields()
        fields.add("sweep", sweep.name)
        fields.add("kind", sweep.kind)
        fields.add("user", Format.user(sweep.uid))
        fields.add("note", reply.members.first?.job.note)
        fields.add("submitted", Format.time(sweep.submittedAt))
        fields.add("jobs", states(of: reply.members))
        fields.add("best", best(sweep))
        fields.print()
        Output.line("")
        Table(reply.members, columns(of: reply.members)).print()
        // What was not repeated has its figures above.
        guard sweep.repeated != nil, reply.groups.contains(where: { $0.jobs.count > 1 }) else { return }
        Output.line("")
        Table(reply.groups, groupColumns(of: reply.groups, sweep.repeated ?? "")).print()
    }

    private static func states(of members: [SweepMember]) -> String {
        let counts = State.allCases.compactMap { state in
            let count = members.count { $0.job.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return "\(members.count): \(counts.joined(separator: ", "))"
    }

    private static func best(_ sweep: Sweep) -> String? {
        guard sweep.promoteBest else { return nil }
        if let problem = sweep.problem { return "none is promoted: \(problem)" }
        guard let job = sweep.bestJob else { return "is promoted when all have ended" }
        let name = sweep.best ?? "its model, which was removed"
        return "\(name) (job \(job)), \(sweep.promoted ? "promoted" : "about to be promoted")"
    }

    /// The options that a sweep is about, as columns.
    private static func options<Row>(
        _ rows: [Row], _ options: @escaping @Sendable (Row) -> [String: JSONValue]
    )
        -> [Column<Row>]
    {
        Set(rows.flatMap { options($0).keys }).sorted().map { name in
            .number(name.uppercased()) { options($0)[name]?.plain ?? "" }
        }
    }

    private static func columns(of members: [SweepMember]) -> [Column<SweepMember>] {
        let figures: [Column<SweepMember>] = [
            .state("STATE") { $0.job.state }.detail(1),
            .number("EPOCH") { $0.epoch.map(String.init) ?? "" }.detail(4),
            .number("LOSS") { $0.loss.map(Format.figure) ?? "" }.detail(3),
            .number("ACCURACY") { $0.accuracy.map { "\(Format.decimal($0 * 100, places: 2)) %" } ?? "" },
            .name("MODEL") { $0.job.outcome?.model ?? "" }.detail(2),
            .text("REMARK") { remark($0.job) }.detail(5).least(20),
        ]
        return [.number("JOB") { String($0.job.id) }] + options(members) { $0.options } + figures
    }

    private static func remark(_ job: Job) -> String {
        if let warning = job.outcome?.warning { return Format.brief(warning) }
        return job.state == .succeeded ? "" : job.reason.map(Format.named) ?? ""
    }

    private static func groupColumns(of groups: [SweepGroup], _ repeated: String) -> [Column<
        SweepGroup
    >] {
        let figures: [Column<SweepGroup>] = [
            .number("\(repeated.uppercased())S") { "\($0.measured) of \($0.jobs.count)" },
            .number("LOSS") { spread($0.loss, $0.lossSpread, Format.figure) }.detail,
            .number("ACCURACY") {
                spread($0.accuracy, $0.accuracySpread) { Format.decimal($0 * 100, places: 2) }
                    + ($0.accuracy == nil ? "" : " %")
            },
        ]
        return options(groups) { $0.options } + figures
    }

    private static func spread(_ mean: Double?, _ spread: Double?, _ text: (Double) -> String)
        -> String
    {
        guard let mean else { return "" }
        return text(mean) + (spread.map { " \(Display.plusMinus) \(text($0))" } ?? "")
    }
}
