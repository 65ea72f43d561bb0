internal import ArgumentParser

struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset", abstract: "Imports, shows or removes one data set.",
        discussion: """
            For example:
              sqzctl dataset import cifar-10-binary.tar.gz
            """,
        subcommands: [DatasetImport.self, DatasetShow.self, DatasetRemove.self])
}
