internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

/// A job by its id, or all jobs of a sweep by its name, which is no number.
enum JobWord: ExpressibleByArgument, CustomStringConvertible {
    case job(Int)
    case sweep(String)

    static let help: ArgumentHelp = "Jobs by their ids, and sweeps by their names."

    static let defaultCompletionKind = Completions.jobs()

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self = Int(argument).map(JobWord.job) ?? .sweep(argument)
    }

    var description: String {
        switch self {
        case .job(let id): "job \(id)"
        case .sweep(let name): "sweep \(name)"
        }
    }
}

/// Goes through the jobs that words mean.
func eachJob(_ words: [JobWord], _ common: Common, _ body: (Int) throws -> Void) throws {
    var each = Each()
    for word in words {
        var ids: [Int] = []
        try each.attempt("\(word)") { ids = try Daemon(common.quiet).ids(of: word) }
        for id in ids { try each.attempt("job \(id)") { try body(id) } }
    }
    try each.end()
}

extension Daemon {
    /// Throws the error of no such sweep.
    func ids(of word: JobWord) throws -> [Int] {
        switch word {
        case .job(let id): [id]
        case .sweep(let name):
            try call(JobsInterface.ShowSweep.self, .init(name: name)).members.map(\.job.id)
        }
    }

    /// One method for each job, and for a sweep what does the same to all of its jobs; `line` tells of a job.
    func each<M: VarlinkMethod>(
        _ words: [JobWord], _ method: M.Type, _ parameters: (Int) -> M.Parameters,
        _ job: (M.Reply) -> Job,
        sweep action: SweepAction, priority: Int? = nil, _ line: (Job) -> String
    ) throws {
        var each = Each()
        for word in words {
            try each.attempt("\(word)") {
                switch word {
                case .job(let id): try show(method, parameters(id)) { Output.line(line(job($0))) }
                case .sweep(let name):
                    let change = JobsInterface.ChangeSweep.Parameters(
                        name: name, action: action, priority: priority)
                    try show(JobsInterface.ChangeSweep.self, change) { reply in
                        for job in reply.jobs { Output.line(line(job)) }
                    }
                }
            }
        }
        try each.end()
    }
}
