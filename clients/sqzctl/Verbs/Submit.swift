internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Submit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Submits a job of any kind that a runner offers; prints the job's id.",
        discussion: """
            For example:
              sqzctl submit countdown -o from=5 -o delay=0.5 --follow

            Kinds and their options are in sqzctl runners.
            """)

    @Argument(help: "The kind of job.", completion: Completions.kinds) var kind: String
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("An option of the kind; may be given several times.", valueName: "name=value"),
        completion: Completions.options)
    var option: [NamedText] = []
    @Option(
        help: "A data set's name, or a path that is imported first. By default the only data set there is.",
        completion: Completions.data)
    var data: String?
    @Option(
        help: "The model that the job uses, NAME, NAME@VERSION or NAME@TAG, or the name of the one that it makes.",
        completion: Completions.models)
    var model: String?
    @Option(
        help: "The model of which the job makes another: NAME, NAME@VERSION or NAME@TAG.",
        completion: Completions.models)
    var from: String?
    @Flag(help: "Leave a model of what it has when it is cancelled, or its deadline or time limit is over.")
    var keepPartial = false
    @OptionGroup var processes: RankOptions
    @OptionGroup var queue: QueueOptions
    @OptionGroup var common: Common

    func run() throws {
        let kinds = try Daemon(common.quiet).call(ManagerInterface.Runners.self, NoParameters()).runners
            .flatMap(\.kinds)
        // The first one, as the daemon takes it.
        guard let declared = kinds.first(where: { $0.name == kind }) else {
            throw SqzError.noSuchKind(kind: kind, kinds: kinds.map(\.name))
        }
        var options: [String: JSONValue] = [:]
        for named in option {
            guard options[named.name] == nil else {
                throw UsageError(description: "\(named.name): is given twice; once would be right")
            }
            let type = declared.options.first { $0.name == named.name }?.type
            options[named.name] = type?.value(of: named.text) ?? .string(named.text)
        }
        // Before a data set is imported.
        try declared.check(options, tuning: from != nil)
        try Submitting(
            kind: kind, common: common, data: data, model: model, base: from, options: options,
            keepsPartial: keepPartial, queue: queue, processes: processes
        ).run()
    }
}

/// A name and a text with `=` between them.
struct NamedText: ExpressibleByArgument {
    let name: String
    let text: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        (name, text) = (String(parts[0]), String(parts[1]))
    }
}

extension OptionType {
    /// What a text says; nil where it can't be of this type.
    func value(of text: String) -> JSONValue? {
        switch self {
        case .integer: Int64(text).map(JSONValue.integer)
        case .number: Double(text).flatMap { $0.isFinite ? .number($0) : nil }
        case .text, .model: .string(text)
        case .flag: Bool(text).map(JSONValue.bool)
        }
    }
}
