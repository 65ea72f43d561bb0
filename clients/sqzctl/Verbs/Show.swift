internal import ArgumentParser
internal import SqzProtocol

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows all that is known of a job, or of a sweep.",
        discussion: """
            For example:
              sqzctl show 7
              sqzctl show sweep-9
              sqzctl show 7 --mistakes-to wrong

            Of a job with epochs it has their figures, of 20 of them at most; of one that measured a model what it found.
            """)

    @Argument(help: "The job's id, or a sweep's name.") var job: JobWord
    @Flag(help: "Show the figures of all epochs, of the last 1,000 at most.") var allEpochs = false
    @Option(
        help: ArgumentHelp(
            "Also write the pictures of its mistakes as PNG into this new directory.", valueName: "dir"),
        completion: .directory)
    var mistakesTo: String?
    @OptionGroup var common: Common

    func run() throws {
        switch job {
        case .job(let id): try show(id)
        case .sweep where mistakesTo != nil: throw UsageError(description: "--mistakes-to is of one job")
        case .sweep(let name): try SweepTable.show(name, common)
        }
    }

    /// As many epochs as one looks through.
    private static let rows = 20

    private func show(_ id: Int) throws {
        let reply = try Daemon(common).show(JobsInterface.Show.self, .init(id: id, history: true)) { reply in
            let job = reply.job
            var fields = Fields()
            fields.add("job", String(job.id))
            fields.add("kind", "\(job.kind) (runner \(job.runner))")
            fields.add("name", job.sweep == nil ? job.name : nil)
            fields.add("sweep", job.sweep)
            fields.add("note", job.note)
            fields.add("state", job.state)
            fields.add("reason", job.reason.map(Format.named))
            fields.add("user", Format.user(job.uid))
            fields.add("ranks", job.ranks.map { "\($0), started by \(job.launcher ?? "")" })
            fields.add("priority", job.priority == 0 ? nil : String(job.priority))
            fields.add("place in the queue", job.position.map(String.init))
            fields.add("start", job.expectedStart.map { "about \(Format.time($0))" })
            fields.add("end", job.expectedEnd.map { "about \(Format.time($0))" })
            fields.add("time limit", job.timeLimit.map { Format.duration(Double($0)) })
            fields.add("deadline", job.deadline.map(Format.time))
            for dependency in job.after {
                fields.add("after", "job \(dependency.job) (\(dependency.condition.rawValue))")
            }
            fields.add("data set", job.dataset)
            fields.add("model", job.outcome?.model ?? job.model)
            fields.add("tuned from", job.base)
            for (name, value) in job.options.sorted(by: { $0.key < $1.key }) {
                fields.add("--" + name, value.plain)
            }
            fields.add("submitted", Format.time(job.submittedAt))
            fields.add(
                "started", job.startedAt.map { Format.time($0) + (job.starts > 1 ? " (\(job.starts) starts)" : "") })
            fields.add("ended", job.endedAt.map(Format.time))
            var progress = job.progress
            if job.state.isEnd { progress?.secondsLeft = nil }
            fields.add("progress", progress.map { Format.progress($0) })
            fields.add("finishing", job.finishing == true ? "ends with a model of what it has" : nil)
            fields.add("keeps a part", job.keepPartial == true ? "yes, when it is cancelled or its time is over" : nil)
            fields.add("outcome", job.outcome.map(Format.outcome))
            fields.add("predictions", job.predictionsRemovedAt.map { "removed on \(Format.time($0))" })
            // A running job's is that of its last epoch.
            fields.add("warning", job.outcome?.warning ?? (job.state.isEnd ? nil : job.progress?.warning))
            fields.print()
            HistoryTable(reply.history ?? [])?.print(rows: allEpochs ? .max : Self.rows)
            ClassTable.print(job.outcome?.byClass)
            MeasurementTables.print(job.outcome)
        }
        if let mistakesTo {
            try MistakePictures(directory: mistakesTo).write(
                reply.job, try Daemon(common.quiet), isSilent: common.json)
        }
    }
}
