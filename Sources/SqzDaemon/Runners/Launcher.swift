internal import Files
internal import Glibc
internal import JobStore
internal import SqzProtocol
internal import SystemPackage
internal import Varlink

/// What starts the processes of a job with ranks, as an administrator sets it, under a name: `mpirun`, `slurm`.
struct Launcher: Sendable, Equatable, Decodable {
    /// The words before the program's path; nil where Slurm gives out the machines. In each `{ranks}` is the number of ranks,
    /// `{job}` the job's, `{uid}` its user's.
    var command: [String]?
    /// Options of sbatch, with the same in them: the job has a place in Slurm's line (`sqz-slurm`). Nil where there is a command.
    var slurm: [String]?
    /// Who may use it: users' names, and groups' with @ before; nil: everybody.
    var users: [String]?
    /// How many ranks a job may have at most; nil: as many as its kind may.
    var ranks: Int?
    /// How many of its jobs may be under way at a time, beside those of this machine; nil: they are among these.
    var jobs: Int?

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
                func refusal(_ reason: String) -> DaemonError { .configuration(reason: "launchers: \(reason)") }
                guard (launcher.command == nil) != (launcher.slurm == nil) else {
                    throw refusal("\(name) must have a command, or slurm with options of sbatch, and not both")
                }
                if let command = launcher.command {
                    guard command.contains(where: { $0.contains(place) }), command.first != "" else {
                        throw refusal("the command of \(name) must be words, with \(place) where their number goes")
                    }
                }
                guard launcher.slurm?.allSatisfy({ $0.hasPrefix("-") }) ?? true else {
                    throw refusal(
                        "the words of slurm of \(name) must be options of sbatch, each with its value: --account=vision"
                    )
                }
                guard launcher.ranks ?? 1 > 0 else { throw refusal("the ranks of \(name) must be 1 or more") }
                guard (1...mostJobs).contains(launcher.jobs ?? 1) else {
                    throw refusal("the jobs of \(name) must be from 1 to \(mostJobs)")
                }
            }
            return all
        } catch let error as JSONError {
            throw DaemonError.configuration(
                reason:
                    """
                    launchers must be objects by their names, with command or slurm, and with users, ranks and jobs or without: \
                    \(error)
                    """)
        }
    }

    /// Each is a process here.
    private static let mostJobs = 256

    /// - Parameter job: nil where there is none yet.
    fileprivate func words(_ ranks: Int, job: Job?, uid: UInt32) -> [String] {
        var words = command ?? []
        if let slurm {
            words = [Self.slurmProgram, "--ranks={ranks}", "--job={job}", "--comment={uid}"]
            // The queue's order is sqzd's; what Slurm does with it is Slurm's.
            let nice = Limits.priorities.upperBound - (job?.priority ?? 0)
            words.append("--nice=\(nice)")
            if let limit = job?.timeLimit { words.append("--seconds=\(limit)") }
            words += slurm
        }
        return words.map {
            $0.replacing(Self.place, with: String(ranks)).replacing("{job}", with: String(job?.id ?? 0))
                .replacing("{uid}", with: String(uid))
        }
    }

    /// The first of the programs that it takes which is not where the daemon looks for programs.
    fileprivate var missingProgram: String? {
        let programs =
            command.map { [$0[0]] } ?? [Self.slurmProgram, "sbatch", "squeue", "scontrol", "scancel", "srun"]
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        return programs.first { program in
            if program.contains("/") { return access(program, X_OK) != 0 }
            return !folders.contains { access("\($0)/\(program)", X_OK) == 0 }
        }
    }

    /// Where `make install` puts it, seen from the daemon's own place, or where it is built.
    private static let slurmProgram: String = {
        let folder = FilePath(DaemonConfiguration.ownProgram).removingLastComponent()
        let installed = folder.removingLastComponent().appending("libexec/sqzd/sqz-slurm").string
        return access(installed, X_OK) == 0 ? installed : folder.appending("sqz-slurm").string
    }()
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
    /// - Parameter job: nil where there is none yet.
    func start(_ launch: Launch, of runner: RunnerRegistry.Entry, by peer: Peer, job: Job? = nil) throws -> RanksStart {
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
        if let program = launcher.missingProgram {
            throw refusal("\(name) needs the program \(program), which is not installed here")
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
