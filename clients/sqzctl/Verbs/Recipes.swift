internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Recipes: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists recipes: what each of them makes of the options that are not given.",
        discussion: """
            For example:
              sqzctl recipes
              sqzctl train --recipe strong --epochs 100
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ManagerInterface.Runners.self, NoParameters()) { reply in
            var isFirst = true
            for kind in reply.runners.flatMap(\.kinds) {
                let presets = kind.presets ?? []
                var options: [String] = []
                for preset in presets where !options.contains(preset.option) { options.append(preset.option) }
                for option in options {
                    if !isFirst { Output.line("") }
                    isFirst = false
                    Self.show(presets.filter { $0.option == option }, of: kind)
                }
            }
        }
    }

    /// A column for each, a row for each option that one of them sets.
    private static func show(_ presets: [Preset], of kind: JobKind) {
        for preset in presets {
            Output.line("\(kind.name) --\(preset.option) \(preset.value): \(preset.help)".cell)
        }
        Output.line("")
        var table = Table(["OPTION"] + presets.map { $0.value.uppercased() })
        for option in kind.options where presets.contains(where: { $0.defaults[option.name] != nil }) {
            table.add([option.name] + presets.map { $0.defaults[option.name] ?? "-" })
        }
        table.printWrapped()
    }
}
