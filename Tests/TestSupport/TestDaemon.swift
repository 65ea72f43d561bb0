public import Foundation
import Synchronization
public import Varlink

/// A real `sqzd`, the one that was built with these tests, on a socket and a state directory of its own. It is killed, if it
/// still runs, and all its files are removed when the last reference to it is gone.
public final class TestDaemon: Sendable {
    /// A runner in the daemon's runner directory.
    public enum Runner: Sendable {
        case squeezenet
        /// `Tests/Plugins/countdown`: its jobs take as long as a test wants.
        case countdown
        /// An executable file with this text.
        case script(name: String, text: String)
    }

    /// The folder in which the programs were built, that of the tests' own.
    public static let programs = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().path

    /// The daemon that is tested: `$SQZD_UNDER_TEST`, for one that was built in another way, else the one beside the tests.
    private static let daemon = ProcessInfo.processInfo.environment["SQZD_UNDER_TEST"] ?? programs + "/sqzd"

    public let scratch: ScratchDirectory
    public let socket: String
    public let state: String
    /// What `Import` may read.
    public let data: String
    public let configurationFile: String
    private let environment: [String: String]
    private let launcher: [String]
    private let running = Mutex<Life?>(nil)

    /// From a start to an end.
    private struct Life {
        let process: ChildProcess
        let reports: Reports
    }

    /// - Parameters:
    ///   - configuration: added to the configuration file.
    ///   - launcher: words before the daemon's own command line.
    ///   - starts: whether it is started at once.
    ///   - socket, state: where they are, else in a directory of its own.
    public init(
        runners: [Runner] = [.squeezenet, .countdown], configuration: [String: JSONValue] = [:],
        environment: [String: String] = [:], launcher: [String] = [], starts: Bool = true,
        socket: String? = nil, state: String? = nil
    ) throws {
        scratch = try ScratchDirectory()
        self.socket = socket ?? scratch["socket"]
        self.state = state ?? scratch["state"]
        data = scratch["data"]
        configurationFile = scratch["sqzd.json"]
        self.environment = environment
        self.launcher = launcher
        for folder in ["runners", "data"] {
            try FileManager.default.createDirectory(atPath: scratch[folder], withIntermediateDirectories: false)
        }
        for runner in runners { try add(runner) }
        try configure(configuration)
        if starts { try start() }
    }

    /// Puts a runner into the runner directory.
    public func add(_ runner: Runner) throws {
        switch runner {
        case .squeezenet: try link("sqz-runner-squeezenet", to: "\(Self.programs)/sqz-runner-squeezenet")
        case .countdown: try link("countdown", to: Oracle.tests.appendingPathComponent("Plugins/countdown").path)
        case .script(let name, let text):
            // By another process: a program that is being started beside this would have the file open for writing a
            // while, and the daemon could not start it (ETXTBSY).
            let install = ["install", "-m", "755", "/dev/stdin", scratch["runners/\(name)"]]
            let transcript = try Transcript.run(install, input: Array(text.utf8))
            guard transcript.ending == .exited(0) else { throw SystemError(call: "install") }
        }
    }

    private func link(_ name: String, to path: String) throws {
        try FileManager.default.createSymbolicLink(atPath: scratch["runners/\(name)"], withDestinationPath: path)
    }

    /// Writes the configuration file.
    public func configure(_ configuration: [String: JSONValue]) throws {
        let always: [String: JSONValue] = [
            "runnerDirectories": .array([.string(scratch["runners"])]), "dataDirectories": .array([.string(data)]),
            // Runners that crash are tried again at once, unless a test wants to see the delay.
            "retryDelaySeconds": .integer(0),
        ]
        try scratch.write(
            "sqzd.json", try JSON.encode(JSONValue.object(always.merging(configuration) { $1 })))
    }

    /// Debian's own Python, which starts at once, goes before one that a version manager puts in its place.
    private static let path = "/usr/bin:/bin:" + (ProcessInfo.processInfo.environment["PATH"] ?? "")

    /// Its command line.
    public var command: [String] {
        launcher + [
            Self.daemon, "--socket", socket, "--state-dir", state, "--config", configurationFile,
        ]
    }

    /// Starts it and waits until it is ready.
    public func start() throws {
        let name = scratch["notify"]
        unlink(name)
        let notifications = try Self.datagramSocket(at: name)
        let errors = try GNU.pipe()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        let reports = Reports()
        reports.follow(errors: errors.reading, notifications: notifications)
        let process = try {
            // Closed here, so that the end of the daemon's is the end of it.
            defer { close(errors.writing) }
            return try ChildProcess(
                command, environment: environment.merging(["NOTIFY_SOCKET": name, "PATH": Self.path]) { $1 },
                input: null, output: null, errors: errors.writing)
        }()
        try Janitor.shared.get().look(after: process.pid, in: scratch.path)
        running.withLock { $0 = Life(process: process, reports: reports) }
        try reports.wait(for: "READY=1")
    }

    /// Runs a daemon that must not start to its end.
    public func startAndFail() throws -> Transcript {
        try Transcript.run(["timeout", "--kill-after=5", "60"] + command, environment: environment)
    }

    /// Ends it as systemd does, which must succeed.
    public func stop() throws {
        guard let life = running.withLock({ $0 }) else { return }
        life.process.signal(SIGTERM)
        let ending = life.process.wait()
        running.withLock { $0 = nil }
        guard ending == .exited(0) else { throw BadEnding(ending: ending, lines: life.reports.lines) }
    }

    /// Ends it as a crash does.
    public func kill() {
        guard let life = running.withLock({ $0 }) else { return }
        life.process.signal(SIGKILL)
        _ = life.process.wait()
        running.withLock { $0 = nil }
    }

    public func signal(_ number: CInt) { running.withLock { $0?.process.signal(number) } }

    /// nil while it does not run.
    public var pid: pid_t? { running.withLock { $0?.process.pid } }

    /// What it told so far, since it was started.
    public var reports: [String] { running.withLock { $0 }?.reports.lines ?? [] }

    /// Waits until it has told something that contains `text`, after the first `count` lines of `reports`.
    public func wait(for text: String, after count: Int = 0) throws {
        guard let life = running.withLock({ $0 }) else { throw SystemError(call: "sqzd", code: ESRCH) }
        try life.reports.wait(for: text, after: count)
    }

    /// Has it read its configuration again, and waits for what it says of that.
    public func reload(expecting text: String = "configuration read again") throws {
        let count = reports.count
        signal(SIGHUP)
        try wait(for: text, after: count)
    }

    struct BadEnding: Error, CustomStringConvertible {
        let ending: ChildProcess.Ending
        let lines: [String]
        var description: String { "sqzd ended, \(ending):\n\(lines.joined(separator: "\n"))" }
    }

    private static func datagramSocket(at path: String) throws -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError(call: "socket") }
        guard withSocketAddress(path, { bind(descriptor, $0, $1) }) == 0 else { throw SystemError(call: "bind") }
        return descriptor
    }
}

/// Hands `path` over as the address of a Unix socket.
public func withSocketAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    precondition(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
