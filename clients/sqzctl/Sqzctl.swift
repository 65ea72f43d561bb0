internal import ArgumentParser
internal import SqzProtocol

@main
struct Sqzctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sqzctl", abstract: "Trains and uses SqueezeNet models through the daemon sqzd.",
        discussion: """
            For example:
              sqzctl train --data /usr/share/datasets/fashion-mnist --epochs 5 --follow
              sqzctl classify photo.jpg

            Exit status: 0 done; 1 the job failed; 2 it was cancelled; 64 wrong usage, or a \
            job in no state for it; 65 bad data; 66 no such input; 69 the daemon can't be \
            reached; 74 the output can't be written; 75 busy or timed out; 77 not \
            permitted. Of several failures the first one's.
            """, version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Jobs",
                subcommands: [Train.self, Evaluate.self, Predict.self, Quantize.self, Compress.self, Submit.self]),
            CommandGroup(name: "Classifying", subcommands: [Classify.self, Bench.self]),
            CommandGroup(
                name: "The queue",
                subcommands: [
                    Jobs.self, Show.self, SweepTable.self, Watch.self, Wait.self, Logs.self, Predictions.self,
                    History.self,
                    Cancel.self, Finish.self, Pause.self, Resume.self, Retry.self, Prioritize.self, Limit.self,
                ]),
            CommandGroup(
                name: "Pictures of what happened",
                subcommands: [Plot.self, Compare.self, Report.self, ExportEvents.self]),
            CommandGroup(
                name: "Models and data sets",
                subcommands: [Models.self, ModelCommand.self, Datasets.self, DatasetCommand.self]),
            CommandGroup(
                name: "The daemon",
                subcommands: [
                    Runners.self, Recipes.self, Info.self, Metrics.self, Top.self, Disk.self, Prune.self, Backup.self,
                    Restore.self, Doctor.self,
                ]),
        ])

    @OptionGroup var common: Common

    static func main() {
        Output.begin()
        do {
            let arguments = ManyArguments.shortened(Array(CommandLine.arguments.dropFirst()))
            if let verb = UnknownVerb(in: arguments, of: Self.self) { throw verb.error }
            var command = try parseAsRoot(arguments)
            try command.run()
            Output.end()
        } catch {
            ExitStatus.exit(for: error, of: Self.self)
        }
    }
}

/// What every verb takes, before or after its name.
struct Common: ParsableArguments {
    @Option(
        help: "The daemon's socket; else $SQZD_SOCKET, /run/sqzd/io.sqzd, or $XDG_RUNTIME_DIR/sqzd/io.sqzd.",
        completion: .file())
    var socket: String?

    @Option(
        help: """
            A daemon on another machine, reached by ssh, which need not listen to anything else: ssh://user@box, also with :port \
            and /its/socket; else $SQZD_HOST, where there is no $SQZD_SOCKET. Users are told by their numbers then.
            """)
    var host: String?

    @Flag(help: "Print the daemon's reply as JSON, one object a line where there are several.")
    var json = false

    @Option(help: "Colours for the states of jobs: always, never, or auto, on a terminal unless $NO_COLOR is set.")
    var color: Display.Colour?

    @Flag(help: "Print whole tables, also where their lines are longer than the terminal is wide.")
    var wide = false

    func validate() throws {
        // It is read once for the program and once for its verb.
        if let color { Display.colour = color }
        if wide { Display.isWide = true }
    }
}
