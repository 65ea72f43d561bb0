internal import ArgumentParser
internal import Glibc
internal import Logging
internal import SqzDaemon
internal import SqzProtocol
internal import Systemd

@main
struct Sqzd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sqzd", abstract: "Runs a queue of training and inference jobs and serves it on a Unix socket.",
        discussion: """
            Usually started by systemd; it also runs without it, as any user:
              sqzd --socket /tmp/sqzd.sock --state-dir /tmp/sqzd

            SIGTERM: running jobs write a checkpoint and go back to the queue. SIGHUP: the configuration is read again.
            """, version: Version.current)

    @Option(
        help:
            "Where to listen. By default the socket that systemd passes, else a path in $RUNTIME_DIRECTORY or $XDG_RUNTIME_DIR."
    )
    var socket: String?

    @Option(
        name: .customLong("state-dir"),
        help: "What to keep everything in. By default $STATE_DIRECTORY, else $XDG_STATE_HOME/sqzd.")
    var stateDirectory: String?

    @Option(help: "A configuration file, JSON.")
    var config: String?

    /// Before the first thread is started: each new one of libdispatch tells syslog that it may not raise its priority, which
    /// nobody asked it to.
    static func main() async {
        setenv("LIBDISPATCH_LOG", "NO", 0)
        // Else the next file that is opened would be standard output, as in gnulib's stdopen.
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
        // The help and the version are written only now, as gnulib's close_stdout knows.
        atexit(checkOutput)
        await main(nil)
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap { label in
            OneLineLog(
                JournalLogHandler.isAvailable
                    ? JournalLogHandler(identifier: label) : StreamLogHandler.standardError(label: label))
        }
        let log = Logger(label: "sqzd")
        do {
            try await Daemon(.init(socket: socket, state: stateDirectory, configuration: config), log: log).run()
        } catch {
            log.critical("sqzd can't run: \(error)")
            throw ExitCode(1)
        }
    }
}

/// Runs on whatever thread ends the program.
private func checkOutput() {
    guard fflush(nil) != 0 else { return }
    perror("sqzd: standard output")
    _exit(EX_IOERR)
}
