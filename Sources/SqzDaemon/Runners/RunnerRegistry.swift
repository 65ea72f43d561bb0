internal import Glibc
internal import Logging
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// The runners that there are: every executable file in the runner directories, as it describes itself. Looked at anew when
/// the daemon starts, when its configuration is read again, and when somebody asks for the list.
final class RunnerRegistry: Sendable {
    struct Entry: Sendable {
        var info: RunnerInfo
        var imports = false
        var classifies = false
    }

    private let log: Logger
    private let known = Mutex<[Entry]>([])

    var entries: [Entry] { known.withLock(\.self) }

    init(log: Logger) { self.log = log }

    /// Asks every runner what it is.
    func scan(_ configuration: DaemonConfiguration) async throws {
        var found: [Entry] = []
        for directory in configuration.runnerDirectories {
            for name in try StateDirectory.names(in: directory) {
                let path = "\(directory)/\(name)"
                var status = stat()
                guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
                    continue
                }
                found.append(await describe(path, configuration))
            }
        }
        known.withLock { $0 = found }
    }

    private func describe(_ path: String, _ configuration: DaemonConfiguration) async -> Entry {
        let log = log
        do {
            let reply = try await RunnerLink.with(
                path, configuration, log: { log.info("\($0)", metadata: ["SQZ_RUNNER": "\(path)"]) }
            ) { link in
                let control = link.control
                // One that says nothing must not keep the daemon from starting.
                return try await withDeadline(.seconds(10)) {
                    try control.kill()
                } during: {
                    try await link.call(RunnerInterface.Describe.self, NoParameters())
                }
            }
            return Entry(
                info: RunnerInfo(
                    path: path, name: reply.name, version: reply.version, properties: reply.properties,
                    kinds: reply.kinds),
                imports: reply.imports, classifies: reply.classifies)
        } catch {
            log.warning("runner can't be used: \(error)", metadata: ["SQZ_RUNNER": "\(path)"])
            return Entry(
                info: RunnerInfo(path: path, name: "", version: "", properties: [:], kinds: [], error: "\(error)"))
        }
    }

    /// The runner that offers a kind of job; throws `SqzError.noSuchKind`.
    func kind(_ name: String) throws -> (runner: RunnerInfo, kind: JobKind) {
        for entry in entries {
            if let kind = entry.info.kinds.first(where: { $0.name == name }) { return (entry.info, kind) }
        }
        throw SqzError.noSuchKind(kind: name, kinds: entries.flatMap { $0.info.kinds.map(\.name) })
    }

    /// The path of a runner by its name.
    func path(of name: String) throws -> String {
        guard let entry = entries.first(where: { $0.info.name == name }) else {
            throw SqzError.runnerFailed(reason: "there is no runner \(name) any more")
        }
        return entry.info.path
    }

    /// The instruction set of the first runner that tells one.
    var kernels: String? { entries.lazy.compactMap { $0.info.properties["kernels"] }.first }

    /// The runner that can load models.
    func classifier() throws -> RunnerInfo {
        guard let entry = entries.first(where: \.classifies) else {
            throw SqzError.runnerFailed(reason: "no runner here can load models")
        }
        return entry.info
    }

    /// The path of the runner that makes data sets.
    func importer() throws -> String {
        guard let entry = entries.first(where: \.imports) else {
            throw SqzError.runnerFailed(reason: "no runner here can read data sets")
        }
        return entry.info.path
    }
}

/// Runs `body`; when `limit` has passed before it is done, `expire` makes it end.
func withDeadline<Result: Sendable>(
    _ limit: Duration, _ expire: @escaping @Sendable () async throws -> Void,
    during body: () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            try await Task.sleep(for: limit)
            try await expire()
        }
        let result = try await body()
        group.cancelAll()
        return result
    }
}
