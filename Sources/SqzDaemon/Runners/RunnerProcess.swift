internal import Glibc
internal import SqzProtocol
internal import Subprocess
internal import Synchronization
internal import SystemPackage

/// A runner's process, in a session of its own, which is its process group too.
struct RunnerProcess: Sendable {
    private let id: pid_t
    /// Waits for its end, whether or not the task is cancelled.
    let end: @Sendable () async -> Void

    /// Sends a signal to it and to all that it started. It is not collected yet, so that the number is still its own.
    func signal(_ number: CInt) throws {
        guard kill(-id, number) == 0 else { throw DaemonError.last("kill", "runner") }
    }

    /// The other ends of a runner's standard input, output and error.
    struct Pipes: Sendable {
        let writing: Descriptor
        let reading: Descriptor
        let errors: Descriptor
    }

    /// Starts the runner at `path`, by a launcher where it is to be several processes, hands it to `body`, which ends after it has ended, and says what `body` came to. Throws
    /// `RunnerCrash` where the runner ended too early, `SqzError.runnerFailed` where that was for want of memory. `log` gets
    /// each line that it writes on standard error.
    static func with<Result: Sendable>(
        _ path: String, _ configuration: DaemonConfiguration, nice: CInt, ranks: RanksStart?,
        log: @escaping @Sendable (String) -> Void,
        _ body:
            @escaping @Sendable (
                RunnerProcess, Pipes, _ log: @escaping @Sendable (String) -> Void
            ) async throws -> Swift.Result<Result, any Error>
    ) async throws -> Result {
        let words = configuration.launcher + (ranks?.words ?? []) + [path]
        let want = LastWords()
        let (input, output, errors) = (try Pipe(), try Pipe(), try Pipe())
        let outcome = try await run(
            words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]),
            arguments: Arguments(Array(words.dropFirst())),
            platformOptions: options,
            input: .fileDescriptor(input.reading.handOver(), closeAfterSpawningProcess: true),
            output: .fileDescriptor(output.writing.handOver(), closeAfterSpawningProcess: true),
            error: .fileDescriptor(errors.writing.handOver(), closeAfterSpawningProcess: true)
        ) { execution in
            let id = execution.processIdentifier.value
            // What a launcher starts on this machine inherits both.
            if nice != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(id), nice) }
            try RunnerMemory.limit(id, toMiB: configuration.runnerMemoryMiB / (ranks?.count ?? 1))
            // A teardown that asks nothing and has time: how `Subprocess` tells of the end while its body still runs.
            let process = RunnerProcess(id: id) { await execution.teardown(using: [waiting]) }
            return try await body(
                process, Pipes(writing: input.writing, reading: output.reading, errors: errors.reading)
            ) {
                want.hear($0)
                log($0)
            }
        }
        do {
            return try outcome.closureResult.get()
        } catch is RunnerEnded {
            // Whoever has no memory once has none the next time.
            if let want = Self.want(outcome.terminationStatus, want.ofMemory, configuration) {
                throw SqzError.runnerFailed(reason: want)
            }
            throw RunnerCrash(reason: describe(outcome.terminationStatus))
        }
    }

    private static let waiting = TeardownStep.send(
        signal: Signal(rawValue: 0), allowedDurationToNextStep: .seconds(Limits.longestTime))

    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = Escalation.ending.teardown
        // A session of its own: a signal from a terminal is for the daemon, which then stops its runners in order.
        options.createSession = true
        return options
    }

    /// That it ended for want of memory, if it did; `line` is the one in which it told so.
    private static func want(
        _ status: TerminationStatus, _ line: String?, _ configuration: DaemonConfiguration
    ) -> String? {
        if case .signaled(SIGKILL) = status, MemoryKills.own.claim() {
            return "out of memory: the kernel killed it, because the service or the machine had no more"
        }
        guard let line, status != .exited(0) else { return nil }
        return "out of memory: \(line); a runner may have \(configuration.runnerMemoryMiB) MiB (runnerMemoryMiB)"
    }

    private static func describe(_ status: TerminationStatus) -> String {
        switch status {
        case .exited(let code): "it ended before it was done, with the exit status \(code)"
        case .signaled(let signal):
            "it was killed by signal \(signal)\(strsignal(signal).map { " (\(String(cString: $0)))" } ?? "")"
        }
    }
}

/// The runner ended while something was expected of it; why, its end tells.
struct RunnerEnded: Error {}

/// The runner was killed by a signal, or exited, before it had said what it came to.
struct RunnerCrash: Error, CustomStringConvertible {
    let reason: String

    /// What clients are told.
    var error: SqzError { .runnerFailed(reason: reason) }
    var description: String { "\(error)" }
}

/// What a runner's standard error tells of its end.
private final class LastWords: Sendable {
    private let line = Mutex<String?>(nil)

    func hear(_ line: String) {
        if RunnerMemory.tellsOfWant(line) { self.line.withLock { $0 = line } }
    }

    /// The last line in which it told that it had no memory.
    var ofMemory: String? { line.withLock { $0 } }
}
