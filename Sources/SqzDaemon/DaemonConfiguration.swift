internal import Configuration
internal import FoundationEssentials
internal import Glibc
public import JobStore
internal import Logging
internal import SqzProtocol
internal import SystemPackage
internal import Varlink

/// What an administrator sets: the file of `--config`, else `sqzd.json` in the configuration directory that systemd names, if
/// there is one; over it the environment (`SQZD_RUNNING_JOBS` for `runningJobs`). Read at the start and again at SIGHUP.
public struct DaemonConfiguration: Sendable, Equatable {
    /// Directories below which `Import` may read.
    public var dataDirectories: [String]
    /// Directories that hold runners: every executable file in them is one.
    public var runnerDirectories: [String]
    /// Words that go before every runner's own command line: `systemd-run --scope`.
    public var launcher: [String]
    /// What starts jobs with ranks, by name.
    var launchers: [String: Launcher]
    /// Jobs that run at the same time.
    public var runningJobs: Int
    /// Of these, jobs of one user: the others' have room too.
    public var runningJobsPerUser: Int
    /// How long a job whose runner crashed waits before it is tried again for the first time, in microseconds.
    public var retryDelay: Int
    /// Members may change what is not theirs.
    public var administrators: String?
    /// The model that `classify` takes without `--model`.
    public var defaultModel: String?
    /// How long a loaded model may be idle.
    public var unloadAfter: Duration
    /// Memory that a runner may have, in MiB (`RunnerMemory`).
    public var runnerMemoryMiB: Int
    /// What each user's uploads, data sets, models, checkpoints, logs and predictions may take on the disk, and those of all
    /// together, in MiB.
    public var userDiskMiB: Int
    public var diskMiB: Int
    /// Disk that users leave free, for the daemon's own records and checkpoints, in MiB; 0: no matter.
    public var freeDiskMiB: Int
    /// How much of what has ended stays.
    public var retention: Retention

    public static func load(file: String?) async throws -> DaemonConfiguration {
        let environment = EnvironmentVariablesProvider().prefixKeys(with: "sqzd")
        var providers: [any ConfigProvider] = [environment]
        let path = file ?? getenv("CONFIGURATION_DIRECTORY").map { String(cString: $0) + "/sqzd.json" }
        do {
            var launchers = Launcher.standard
            if let path {
                if let text = FileManager.default.contents(atPath: path) {
                    launchers = try check(Array(text)) ?? launchers
                }
                providers.append(
                    try await FileProvider<JSONSnapshot>(filePath: FilePath(path), allowMissing: file == nil))
            }
            // What nobody set; being a provider, it lets a value of the wrong type be an error rather than unseen.
            providers.append(InMemoryProvider(values: defaults))
            let reader = ConfigReader(providers: providers)
            func text(_ key: String) throws -> String? {
                let value = try reader.requiredString(forKey: ConfigKey(key))
                return value.isEmpty ? nil : value
            }
            func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
                let value = try reader.requiredInt(forKey: ConfigKey(key))
                guard range.contains(value) else {
                    throw DaemonError.configuration(
                        reason: "\(key) must be from \(range.lowerBound) to \(range.upperBound), is \(value)")
                }
                return value
            }
            return DaemonConfiguration(
                dataDirectories: try reader.requiredStringArray(forKey: "dataDirectories"),
                runnerDirectories: try reader.requiredStringArray(forKey: "runnerDirectories"),
                launcher: try reader.requiredStringArray(forKey: "launcher"), launchers: launchers,
                runningJobs: try number("runningJobs", 1...64),
                runningJobsPerUser: try number("runningJobsPerUser", 1...64),
                retryDelay: 1_000_000 * (try number("retryDelaySeconds", 0...86_400)),
                administrators: try text("administrators"),
                defaultModel: try text("defaultModel"),
                unloadAfter: .seconds(try number("unloadAfterSeconds", 1...86_400)),
                runnerMemoryMiB: try number("runnerMemoryMiB", 16...1 << 30),
                userDiskMiB: try number("userDiskMiB", 1...1 << 40), diskMiB: try number("diskMiB", 1...1 << 40),
                freeDiskMiB: try number("freeDiskMiB", 0...1 << 40),
                retention: Retention(
                    jobs: Retention.Limit(
                        count: try number("keepJobs", 0...1_000_000_000), days: try number("keepJobsDays", 0...36_600)),
                    predictions: Retention.Limit(
                        count: try number("keepPredictions", 0...1_000_000_000),
                        days: try number("keepPredictionsDays", 0...36_600))))
        } catch let error as DaemonError {
            throw error
        } catch {
            throw DaemonError.configuration(reason: "\(path.map { $0 + ": " } ?? "")\(error)")
        }
    }

    /// Every setting, and its value where nobody sets it.
    private static var defaults: [AbsoluteConfigKey: ConfigValue] {
        [
            "dataDirectories": ConfigValue(.stringArray(["/usr/share/datasets", "/srv/datasets"]), isSecret: false),
            "runnerDirectories": ConfigValue(.stringArray([builtInRunners]), isSecret: false),
            "launcher": ConfigValue(.stringArray([]), isSecret: false),
            "runningJobs": 1,
            "runningJobsPerUser": 4,
            "retryDelaySeconds": 10,
            "administrators": "",
            "defaultModel": "",
            "unloadAfterSeconds": 300,
            "runnerMemoryMiB": ConfigValue(.int(RunnerMemory.standardMiB), isSecret: false),
            "userDiskMiB": 65_536,
            "diskMiB": 1_048_576,
            "freeDiskMiB": 256,
            "keepJobs": 0,
            "keepJobsDays": 0,
            "keepPredictions": 0,
            "keepPredictionsDays": 0,
        ]
    }

    /// Tells of what it names and there is not. Either may come later: a group from a directory service, a model from a job.
    func warn(_ store: JobStore, _ log: Logger) async throws {
        if let administrators, try Peer.members(of: administrators) == nil {
            log.warning(
                "administrators: there is no group \(administrators): until there is, it makes nobody an administrator")
        }
        do {
            if let defaultModel { _ = try await store.model(defaultModel) }
        } catch let error as SqzError {
            log.warning("defaultModel: \(error); until there is, classify must be told which")
        }
    }

    /// The one setting that is no text, number or list of texts, and that the environment has no word for.
    private static let launchersKey = "launchers"

    /// Refuses what would be ignored, a setting that is misspelt, and values of another type; gives the launchers, where there are any.
    private static func check(_ text: [UInt8]) throws -> [String: Launcher]? {
        var launchers: [String: Launcher]?
        let known = Dictionary(
            uniqueKeysWithValues: defaults.map { ($0.key.components.joined(separator: "."), $0.value.content) })
        for (key, value) in try JSON.decode([String: JSONValue].self, from: text).sorted(by: { $0.key < $1.key }) {
            if key == launchersKey {
                launchers = try Launcher.all(in: value)
                continue
            }
            guard let content = known[key] else {
                let names = (known.keys + [launchersKey]).sorted().joined(separator: ", ")
                throw DaemonError.configuration(reason: "there is no setting \(key); there are \(names)")
            }
            let right: String
            switch (content, value) {
            case (.string, .string), (.int, .integer): continue
            case (.stringArray, .array(let items))
            where items.allSatisfy({ if case .string = $0 { true } else { false } }):
                continue
            case (.string, _): right = "a text"
            case (.int, _): right = "a whole number"
            default: right = "a list of texts"
            }
            throw DaemonError.configuration(reason: "\(key) must be \(right)")
        }
        return launchers
    }

    /// Where `make install` puts runners, seen from the daemon's own place: `../libexec/sqzd/runners`.
    private static var builtInRunners: String {
        FilePath(ownProgram).removingLastComponent().removingLastComponent().appending("libexec/sqzd/runners").string
    }

    /// The path of this program.
    static var ownProgram: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        return String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
