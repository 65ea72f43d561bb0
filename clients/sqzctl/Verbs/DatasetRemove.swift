internal import ArgumentParser
internal import SqzProtocol

struct DatasetRemove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm", abstract: "Removes data sets that no waiting or running job uses.",
        discussion: """
            For example:
              sqzctl dataset rm fashion-mnist
            """)

    @Argument(help: "Their names.", completion: Completions.datasets) var datasets: [String]
    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).each(datasets, "data set", DatasetsInterface.Remove.self, { .init(dataset: $0) }) {
            name, _ in
            "data set \(name) removed"
        }
    }
}
