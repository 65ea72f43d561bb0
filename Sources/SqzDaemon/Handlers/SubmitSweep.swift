internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func submitSweep(_ parameters: JobsInterface.SubmitSweep.Parameters, from peer: Peer) async throws
        -> JobsInterface.SubmitSweep.Reply
    {
        try stopping.check()
        try checkSize(of: parameters.members)
        if let name = parameters.name { try checkSweepName(name) }
        let shared = parameters.options ?? [:]
        let options = parameters.members.map { shared.merging($0) { $1 } }
        try Self.checkDifference(of: options)
        let common = JobsInterface.Submit.Parameters(
            kind: parameters.kind, options: shared, dataset: parameters.dataset, model: parameters.model,
            priority: parameters.priority, after: parameters.after, hold: parameters.hold,
            timeLimit: parameters.timeLimit, deadline: parameters.deadline, base: parameters.base,
            note: parameters.note, ranks: parameters.ranks, launcher: parameters.launcher)
        let (kind, submission, _) = try await submission(common, from: peer) { kind in
            for (index, options) in options.enumerated() {
                do {
                    try kind.check(options, tuning: parameters.base != nil)
                } catch SqzError.invalidOption(let option, let reason) {
                    throw SqzError.invalidOption(
                        option: option, reason: "\(reason) (\(Self.describe(index, parameters.members[index])))")
                }
            }
            if let repeated = parameters.repeated, !kind.options.contains(where: { $0.name == repeated }) {
                throw SqzError.invalidOption(option: "repeated", reason: "\(kind.name) has no option \(repeated)")
            }
            guard kind.model == .made || parameters.promoteBest != true else {
                throw SqzError.invalidOption(option: "promoteBest", reason: "\(kind.name) makes no models")
            }
        }
        var members: [Submission] = []
        for (options, varied) in zip(options, parameters.members) {
            var member = submission
            (member.options, member.varied) = (try await settled(options, of: kind), varied)
            members.append(member)
        }
        let (name, changes) = try await store.submit(
            SweepSubmission(
                name: parameters.name, repeated: parameters.repeated, promoteBest: parameters.promoteBest ?? false,
                members: members),
            at: Clock.now(), limits: .current)
        try await announcer.announce(changes)
        scheduler.wake()
        return .init(name: name, ids: changes.map(\.job.id))
    }

    private func checkSize(of members: [[String: JSONValue]]) throws {
        guard (1...Limits.sweepJobs).contains(members.count) else {
            throw SqzError.invalidOption(
                option: "members", reason: "must be 1 to \(Limits.sweepJobs) jobs, are \(members.count)")
        }
    }

    /// The names that are made are not given by hand, so that they are free.
    private func checkSweepName(_ name: String) throws {
        try checkJobName(name)
        let rest = name.hasPrefix(Limits.sweepPrefix) ? name.dropFirst(Limits.sweepPrefix.count) : ""
        guard rest.isEmpty || !rest.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
            throw SqzError.invalidOption(
                option: "name", reason: "\(name) is as sweeps without a name are called; right would be another one")
        }
    }

    /// Refuses to do the same twice.
    private static func checkDifference(of jobs: [[String: JSONValue]]) throws {
        for (index, options) in jobs.enumerated() {
            guard let first = jobs[..<index].firstIndex(of: options) else { continue }
            throw SqzError.invalidOption(
                option: "members", reason: "jobs \(first + 1) and \(index + 1) of the sweep have the same options")
        }
    }

    /// As people find it again in what they asked for.
    private static func describe(_ index: Int, _ options: [String: JSONValue]) -> String {
        let texts = options.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.plain)" }
        return "job \(index + 1) of the sweep\(texts.isEmpty ? "" : ": " + texts.joined(separator: ", "))".shortened
    }
}
