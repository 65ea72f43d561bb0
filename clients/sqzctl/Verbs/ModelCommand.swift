internal import ArgumentParser

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Shows, exports, imports, promotes, names, loads or removes models.",
        discussion: """
            For example:
              sqzctl model show fashion-mnist
            """,
        subcommands: [
            ModelShow.self, ModelExport.self, ModelImport.self, ModelPush.self, ModelRemove.self, ModelPromote.self,
            ModelRollback.self,
            ModelTag.self, ModelUntag.self, ModelRename.self, ModelGive.self, ModelLoad.self, ModelUnload.self,
            ModelPin.self,
            ModelUnpin.self, ModelSet.self,
        ])
}
