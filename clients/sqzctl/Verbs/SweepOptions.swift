internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

/// Which jobs one command line submits: one for each combination of values.
struct SweepOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Submit a job for each of these values of an option; may be given several times, for each combination. Prints the \
            sweep's name, which sqzctl sweep, cancel and others take.
            """, valueName: "option=value,value,…"))
    var sweep: [NamedText] = []
    @Option(
        help: ArgumentHelp(
            "Submit each job with these seeds, as 1..3 or 1,5,8; figures are told with mean and spread over them.",
            valueName: "seeds"))
    var seeds: Seeds?
    @Flag(
        help: "When the last job of the sweep has ended, promote the model with the highest accuracy.")
    var promoteBest = false

    /// Its name is the one option that a seed can be: what a runner calls so only repeats a job.
    static let seed = "seed"

    var isGiven: Bool { !sweep.isEmpty || seeds != nil }

    /// The option that only repeats a job.
    var repeated: String? {
        seeds == nil && !sweep.contains { $0.name == Self.seed } ? nil : Self.seed
    }

    /// Each job's own options: the last option's values change the fastest. Refuses what the kind does not take, with the job's own
    /// options named.
    ///
    /// - Parameter shared: the options that all of them have.
    func members(of kind: JobKind, shared: [String: JSONValue]) throws -> [[String: JSONValue]] {
        var axes: [(name: String, values: [JSONValue])] = []
        for option in sweep {
            let type = kind.options.first { $0.name == option.name }?.type
            let values = option.text.split(separator: ",", omittingEmptySubsequences: false).map(
                String.init)
            axes.append((option.name, values.map { type?.value(of: $0) ?? .string($0) }))
        }
        if let seeds { axes.append((Self.seed, seeds.values.map(JSONValue.integer))) }
        try check(axes.map(\.name), shared)
        var count = 1
        for axis in axes {
            // Not more than a sweep may have are ever made.
            count = count > Limits.sweepJobs ? count : count * axis.values.count
        }
        guard count <= Limits.sweepJobs else {
            throw UsageError(
                description: "a sweep has at most \(Limits.sweepJobs) jobs; these would be more")
        }
        var members: [[String: JSONValue]] = [[:]]
        for axis in axes {
            members = members.flatMap { member in
                axis.values.map { member.merging([axis.name: $0]) { $1 } }
            }
        }
        return members
    }

    private func check(_ names: [String], _ shared: [String: JSONValue]) throws {
        for (index, name) in names.enumerated() {
            guard !names[..<index].contains(name) else {
                throw UsageError(
                    description: "--sweep \(name): is given twice; its values go together: \(name)=1,2,3")
            }
            guard shared[name] == nil else {
                throw UsageError(description: "--\(name) is given beside the sweep's own values of it")
            }
        }
    }
}

/// Seeds as people write them: `1..3`, or `1,5,8`.
struct Seeds: ExpressibleByArgument {
    let values: [Int64]

    init?(argument: String) {
        let ends = argument.split(separator: "..", omittingEmptySubsequences: false)
        if ends.count == 2 {
            guard let first = Int64(ends[0]), let last = Int64(ends[1]), first <= last else { return nil }
            let (steps, isOverflow) = last.subtractingReportingOverflow(first)
            // One more than may be is refused for its number.
            let most = Int64(Limits.sweepJobs)
            values = (0...(isOverflow ? most : min(steps, most))).map { first + $0 }
        } else {
            let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
            values = parts.compactMap(\.self)
            guard values.count == parts.count else { return nil }
        }
    }
}
