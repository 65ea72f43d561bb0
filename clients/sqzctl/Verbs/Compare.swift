internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Holds jobs and models against each other: options that differ, figures, time and size.",
        discussion: """
            A number is a job, anything else a model, of which the job that made it counts too. For example:
              sqzctl compare 7 8
              sqzctl compare birds@1 birds@2 12
            """)

    @Argument(
        help: "Jobs by their ids, and models as NAME, NAME@VERSION or NAME@TAG.", completion: Completions.jobsAndModels)
    var things: [String]
    @OptionGroup var common: Common

    func validate() throws {
        guard things.count > 1 else { throw ValidationError("one thing can't be compared; right would be two or more") }
    }

    func run() throws {
        let daemon = try Daemon(common.quiet)
        let kinds = try daemon.kinds()
        let all = try things.map { try daemon.compared($0, kinds) }
        let names = Set(all.flatMap(\.options.keys)).sorted()
        let differing = names.filter { name in !all.allSatisfy { $0.options[name] == all[0].options[name] } }
        if common.json {
            return try Output.object([
                "compared": JSONValue.array(all.map { .object($0.object) }),
                "differing": .array(differing.map(JSONValue.string)),
            ])
        }
        var table = Table([""] + all.map(\.word))
        for row in all[0].figures.indices {
            let values = all.map { $0.figures[row].1 ?? "" }
            if values.contains(where: { !$0.isEmpty }) { table.add([all[0].figures[row].0] + values) }
        }
        for name in differing { table.add(["--" + name] + all.map { $0.options[name] ?? "" }) }
        table.printWrapped()
        let same = names.filter { !differing.contains($0) }.compactMap { name in
            all[0].options[name].map { "--\(name) \($0)" }
        }
        guard !same.isEmpty else { return }
        Output.line("")
        Output.line("the same: \(same.joined(separator: ", "))")
    }
}
