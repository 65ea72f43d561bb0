internal import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Shows, exports, imports or removes one model.",
        discussion: """
            For example:
              sqzctl model show fashion-mnist
            """,
        subcommands: [ModelShow.self, ModelExport.self, ModelImport.self, ModelRemove.self])
}
