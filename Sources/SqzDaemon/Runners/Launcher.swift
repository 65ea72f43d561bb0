internal import Files
internal import Glibc
internal import JobStore
internal import SqzProtocol
internal import Varlink

/// What starts the processes of a job with ranks, as an administrator sets it, under a name: `mpirun`, `srun`.
struct Launcher: Sendable, Equatable, Decodable {
    /// The words before the program's path. In each `{ranks}` is the number of ranks, `{job}` the job's, `{uid}` its user's.
    var command: [String]
    /// Who may use it: users' names, and groups' with @ before; nil: everybody.
    var users: [String]?
    /// How many ranks a job may have at most; nil: as many as its kind may.
    var ranks: Int?

    private static let place = "{ranks}"

    /// The one that is taken where nobody names one.
    static let usual = "mpirun"

    /// Where nobody sets any: OpenMPI on this machine, whose ranks share its processors as threads do, with a number of them that
    /// may be larger.
    static let standard = [
        usual: Launcher(command: ["mpirun", "--quiet", "--bind-to", "none", "--oversubscribe", "-n", place])
    ]

    /// Those of the configuration's text, checked.
    static func all(in value: JSONValue) throws -> [String: Launcher] {
        do {
            let all = try JSON.decode([String: Launcher].self, from: try JSON.encode(value), unknownKeys: .refuse)
            for (name, launcher) in all.sorted(by: { $0.key < $1.key }) {
                guard launcher.command.contains(where: { $0.contains(place) }), launcher.command.first != "" else {
                    throw DaemonError.configuration(
                        reason: "launchers: the command of \(name) must be words, with \(place) where their number goes"
                    )
                }
                guard launcher.ranks ?? 1 > 0 else {
                    throw DaemonError.configuration(reason: "launchers: the ranks of \(name) must be 1 or more")
                }
            }
            return all
        } catch let error as JSONError {
            throw DaemonError.configuration(
                reason:
                    "launchers must be objects by their names, with command, and with users and ranks or without: \(error)"
            )
        }
    }

    /// - Parameter job: 0 where there is none yet.
    fileprivate func words(_ ranks: Int, job: Int, uid: UInt32) -> [String] {
        command.map {
            $0.replacing(Self.place, with: String(ranks)).replacing("{job}", with: String(job))
                .replacing("{uid}", with: String(uid))
        }
    }

    /// Whether its program is where the daemon looks for programs.
    fileprivate var isInstalled: Bool {
        let program = command[0]
        if program.contains("/") { return access(program, X_OK) == 0 }
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}

/// How a job's ranks are started.
struct RanksStart: Sendable {
    let count: Int
    /// The launcher's, which go before the program.
    let words: [String]
    let program: String
}

extension DaemonConfiguration {
    /// How a job of a runner is started for a user. Throws `SqzError.invalidOption` where it can't be, or may not.
    /// - Parameter job: its number; 0 where it has none yet.
    func start(_ launch: Launch, of runner: RunnerRegistry.Entry, by peer: Peer, job: Int = 0) throws -> RanksStart {
        func refusal(_ reason: String, option: String = "launcher") -> SqzError {
            .invalidOption(option: option, reason: reason)
        }
        guard let program = runner.ranksProgram else {
            throw refusal("the runner \(runner.info.name) has no program for them here", option: "ranks")
        }
        let name = launch.launcher
        guard let launcher = launchers[name] else {
            let names = launchers.keys.sorted().joined(separator: ", ")
            throw refusal(
                "there is no launcher \(name); \(names.isEmpty ? "there are none here" : "right would be \(names)")")
        }
        if let users = launcher.users {
            guard try peer.isAdministrator(group: administrators) || peer.isAmong(users) else {
                throw refusal("\(name) is for \(users.isEmpty ? "administrators" : users.joined(separator: ", "))")
            }
        }
        if let most = launcher.ranks, launch.ranks > most {
            throw refusal("must be at most \(most) by \(name), are \(launch.ranks)", option: "ranks")
        }
        guard launcher.isInstalled else {
            throw refusal("\(name) needs the program \(launcher.command[0]), which is not installed here")
        }
        return RanksStart(
            count: launch.ranks, words: launcher.words(launch.ranks, job: job, uid: peer.uid), program: program)
    }
}

extension Job {
    /// What starts its processes; nil where the daemon does.
    var launch: Launch? {
        guard let ranks, let launcher else { return nil }
        return Launch(ranks: ranks, launcher: launcher)
    }
}
