internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Runners: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists runners, the kinds of jobs that they offer, and their options.",
        discussion: """
            For example:
              sqzctl runners
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ManagerInterface.Runners.self, NoParameters()) { reply in
            for runner in reply.runners {
                if let error = runner.error {
                    Output.line("\(runner.path): can't be used: \(error)")
                    continue
                }
                let properties = runner.properties.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                Output.line("\(runner.name) \(runner.version), \(([runner.path] + properties).joined(separator: ", "))")
                for kind in runner.kinds {
                    Output.line("")
                    Output.line("  \(kind.name): \(kind.help)")
                    var table = Table(["  OPTION", "VALUE", "DEFAULT", "WHAT IT IS"])
                    for option in kind.options {
                        table.add([
                            "  " + option.name, option.values, kind.shownDefault(of: option) ?? "-", option.help,
                        ])
                    }
                    if !kind.options.isEmpty { table.printWrapped() }
                }
            }
        }
    }
}
