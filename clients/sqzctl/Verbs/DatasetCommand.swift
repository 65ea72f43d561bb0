internal import ArgumentParser

struct DatasetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Imports, shows, gives away or removes one data set, or gets a picture of it.",
        discussion: """
            For example:
              sqzctl dataset import photos/
              sqzctl dataset picture photos 12 -o picture.png
            """,
        subcommands: [
            DatasetImport.self, DatasetShow.self, DatasetPicture.self, DatasetGive.self, DatasetRemove.self,
        ])
}
