internal import Glibc
internal import Logging
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// The runners that there are: every executable file in the runner directories, as it describes itself. Looked at anew when
/// the daemon starts, and when its configuration is read again.
final class RunnerRegistry: Sendable {
    struct Entry: Sendable {
        var info: RunnerInfo
        var imports = false
        var classifies = false
        var converts = false
        var exports = false
        /// What a launcher starts for a job with ranks.
        var ranksProgram: String?
    }

    private enum State {
        /// Not all have been asked yet; these wait for it.
        case unknown(waiting: [PendingReply<[Entry]>])
        case known([Entry])
    }

    private let log: Logger
    private let state = Mutex(State.unknown(waiting: []))

    /// All of them, once each has been asked.
    var entries: [Entry] {
        get async throws {
            let reply = PendingReply<[Entry]>()
            state.withLock { state in
                switch state {
                case .unknown(let waiting): state = .unknown(waiting: waiting + [reply])
                case .known(let entries): reply.resume(with: .success(entries))
                }
            }
            return try await reply.value
        }
    }

    init(log: Logger) { self.log = log }

    /// The paths of the executable files in the runner directories.
    static func programs(_ configuration: DaemonConfiguration) throws -> [String] {
        try configuration.runnerDirectories.flatMap { directory in
            try StateDirectory.names(in: directory).map { "\(directory)/\($0)" }.filter { path in
                var status = stat()
                return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
            }
        }
    }

    /// Asks every runner what it is, side by side. What has been known holds until all have answered.
    func ask(_ programs: [String], _ configuration: DaemonConfiguration) async {
        if programs.isEmpty {
            let places = configuration.runnerDirectories.joined(separator: ", ")
            log.warning("there is no runner in \(places): nothing can be trained, imported or classified")
        }
        let answers = await withTaskGroup(of: (Int, Entry).self) { group in
            for (place, path) in programs.enumerated() {
                group.addTask { (place, await self.describe(path, configuration)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let entries = withoutTwins(answers.sorted { $0.0 < $1.0 }.map(\.1))
        let waiting = state.withLock { state in
            defer { state = .known(entries) }
            if case .unknown(let waiting) = state { return waiting }
            return []
        }
        for reply in waiting { reply.resume(with: .success(entries)) }
    }

    /// A job names its runner and its kind: of those that offer the same, the first by path is used.
    private func withoutTwins(_ entries: [Entry]) -> [Entry] {
        var names: [String: String] = [:]
        var kinds: [String: String] = [:]
        return entries.map { entry in
            let info = entry.info
            guard info.error == nil else { return entry }
            var twin = names[info.name].map { "its name, \(info.name), is that of \($0)" }
            for kind in info.kinds {
                twin = twin ?? kinds[kind.name].map { "its kind of jobs, \(kind.name), is one of \($0)" }
            }
            if let twin { return unusable(info.path, twin) }
            names[info.name] = info.path
            for kind in info.kinds { kinds[kind.name] = info.path }
            return entry
        }
    }

    private func unusable(_ path: String, _ reason: String) -> Entry {
        log.warning("runner can't be used: \(reason)", metadata: ["SQZ_RUNNER": "\(path)"])
        return Entry(info: RunnerInfo(path: path, name: "", version: "", properties: [:], kinds: [], error: reason))
    }

    private func describe(_ path: String, _ configuration: DaemonConfiguration) async -> Entry {
        let log = RunnerJournal(log, ["SQZ_RUNNER": "\(path)"])
        do {
            let reply = try await RunnerLink.with(path, configuration, log: { log.write($0) }) { link in
                try await link.call(RunnerInterface.Describe.self, NoParameters(), within: Limits.describeSeconds)
            }
            try reply.check()
            return Entry(
                info: RunnerInfo(
                    path: path, name: reply.name, version: reply.version, properties: reply.properties,
                    kinds: reply.kinds),
                imports: reply.imports, classifies: reply.classifies, converts: reply.converts ?? false,
                exports: reply.exports ?? false, ranksProgram: reply.ranksProgram)
        } catch {
            return unusable(path, "\(error)".shortened)
        }
    }

    /// The runner that offers a kind of job; throws `SqzError.noSuchKind`.
    func kind(_ name: String) async throws -> (runner: RunnerInfo, kind: JobKind) {
        let entries = try await entries
        for entry in entries {
            if let kind = entry.info.kinds.first(where: { $0.name == name }) { return (entry.info, kind) }
        }
        throw SqzError.noSuchKind(kind: name, kinds: entries.flatMap { $0.info.kinds.map(\.name) })
    }

    /// The path of a runner by its name.
    func path(of name: String) async throws -> String { try await entry(of: name).info.path }

    /// A runner by its name.
    func entry(of name: String) async throws -> Entry {
        guard let entry = try await entries.first(where: { $0.info.name == name }) else {
            throw SqzError.runnerFailed(reason: "there is no runner \(name) any more")
        }
        return entry
    }

    /// The instruction set of the first runner that tells one; nil while not all have been asked.
    var kernels: String? {
        state.withLock { state in
            guard case .known(let entries) = state else { return nil }
            return entries.lazy.compactMap { $0.info.properties["kernels"] }.first
        }
    }

    /// The runner that can load models.
    func classifier() async throws -> Entry {
        guard let entry = try await entries.first(where: \.classifies) else {
            throw SqzError.runnerFailed(reason: "no runner here can load models")
        }
        return entry
    }

    /// The path of the runner that makes data sets.
    func importer() async throws -> String {
        guard let entry = try await entries.first(where: \.imports) else {
            throw SqzError.runnerFailed(reason: "no runner here can read data sets")
        }
        return entry.info.path
    }
}
