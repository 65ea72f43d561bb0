public import Foundation
import Synchronization

/// A program that a test started. It gets the descriptors that are given to it and no others: what else this process has
/// open, other tests' pipes among it, would be kept open by a child that outlives them.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    public let pid: pid_t
    private let ending = Mutex<Ending?>(nil)

    /// Starts `command[0]`, found along PATH where it has no slash.
    ///
    /// - Parameter environment: added to this process's own.
    public init(
        _ command: [String], environment: [String: String] = [:], input: CInt, output: CInt, errors: CInt
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, source, CInt(target))
        }
        try GNU.addCloseFrom(3, to: &actions)
        // Signals that the test runner ignores must not be ignored by what is tested.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, command[0], &actions, &attributes, &words, &variables)
        guard code == 0 else { throw SystemError(call: "posix_spawn \(command[0])", code: code) }
        self.pid = pid
    }

    /// A pipe for what it prints, whose ends no other child inherits.
    public static func pipe() throws -> (reading: CInt, writing: CInt) { try GNU.pipe() }

    deinit {
        signal(SIGKILL)
        _ = wait()
    }

    /// Sends a signal, unless the program has ended and was waited for.
    public func signal(_ number: CInt) {
        ending.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// Waits for the end.
    public func wait() -> Ending {
        // Waited for without reaping first, so that `signal` never meets another process with the same number.
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return ending.withLock { ending in
            if let ending { return ending }
            var status: CInt = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            let found = signal == 0 ? Ending.exited(status >> 8 & 0xff) : .killed(signal: signal)
            ending = found
            return found
        }
    }
}

/// A system call that failed in a test's own machinery.
public struct SystemError: Error, CustomStringConvertible {
    let call: String
    public let code: CInt

    public init(call: String, code: CInt = errno) {
        self.call = call
        self.code = code
    }

    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// What a program printed, and how it ended.
public struct Transcript: Sendable {
    public let ending: ChildProcess.Ending
    public let output: String
    public let errors: String

    /// Runs a program to its end. What it prints goes to files, so that it never waits for a reader.
    public static func run(
        _ command: [String], environment: [String: String] = [:], input: [UInt8] = []
    ) throws -> Transcript {
        let scratch = try ScratchDirectory()
        let files = try ["input", "output", "errors"].map { name in
            let file = open(scratch[name], O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw SystemError(call: "open") }
            return file
        }
        defer { for file in files { close(file) } }
        try scratch.write("input", input)
        let input = open(scratch["input"], O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw SystemError(call: "open") }
        defer { close(input) }
        let child = try ChildProcess(
            command, environment: environment, input: input, output: files[1], errors: files[2])
        let ending = child.wait()
        return Transcript(
            ending: ending, output: String(decoding: try scratch.read("output"), as: UTF8.self),
            errors: String(decoding: try scratch.read("errors"), as: UTF8.self))
    }
}
