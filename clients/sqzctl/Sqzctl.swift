internal import ArgumentParser
internal import SqzProtocol

@main
struct Sqzctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sqzctl", abstract: "Trains and uses SqueezeNet models through the daemon sqzd.",
        discussion: """
            For example:
              sqzctl train --data /usr/share/datasets/fashion-mnist --epochs 5 --follow
              sqzctl classify image.bin

            Exit status: 0 done; 1 the job failed; 2 it was cancelled; 64 wrong usage, or a \
            job in no state for it; 65 bad data; 66 no such input; 69 the daemon can't be \
            reached; 74 the output can't be written; 75 busy or timed out; 77 not \
            permitted. Of several failures the first one's.
            """, version: Version.current,
        groupedSubcommands: [
            CommandGroup(name: "Jobs", subcommands: [Train.self, Evaluate.self, Predict.self, Submit.self]),
            CommandGroup(name: "Classifying", subcommands: [Classify.self]),
            CommandGroup(
                name: "The queue",
                subcommands: [
                    Jobs.self, Show.self, Watch.self, Wait.self, Logs.self, Predictions.self, Cancel.self, Pause.self,
                    Resume.self, Retry.self, Prioritize.self, Limit.self,
                ]),
            CommandGroup(
                name: "Models and data sets",
                subcommands: [Models.self, ModelCommand.self, Datasets.self, DatasetCommand.self]),
            CommandGroup(name: "The daemon", subcommands: [Runners.self, Info.self, Metrics.self, Top.self]),
        ])

    @OptionGroup var common: Common

    static func main() {
        Output.begin()
        do {
            if let verb = UnknownVerb(in: Array(CommandLine.arguments.dropFirst()), of: Self.self) { throw verb.error }
            var command = try parseAsRoot()
            try command.run()
            Output.end()
        } catch {
            ExitStatus.exit(for: error, of: Self.self)
        }
    }
}

/// What every verb takes, before or after its name.
struct Common: ParsableArguments {
    @Option(help: "The daemon's socket; else $SQZD_SOCKET, /run/sqzd/io.sqzd, or $XDG_RUNTIME_DIR/sqzd/io.sqzd.")
    var socket: String?

    @Flag(help: "Print the daemon's reply as JSON, one object a line where there are several.")
    var json = false
}
