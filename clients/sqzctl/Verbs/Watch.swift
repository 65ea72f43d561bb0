internal import ArgumentParser

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what has happened to jobs and what happens until they end.",
        discussion: """
            Ctrl-C detaches; the jobs go on. For example:
              sqzctl watch 7
              sqzctl watch sweep-9 --tensorboard runs
            """)

    @Argument(help: JobWord.help) var jobs: [JobWord]
    @Option(
        help: ArgumentHelp(
            "Also write what the jobs' epochs come to into this directory, as they end, for TensorBoard.",
            valueName: "dir"), completion: .directory)
    var tensorboard: String?
    @OptionGroup var common: Common

    func run() throws {
        let daemon = try Daemon(common.quiet)
        var ids: [Int] = []
        for id in try jobs.flatMap({ try daemon.ids(of: $0) }) where !ids.contains(id) {
            ids.append(id)
        }
        try Following.watch(ids, common, events: tensorboard.map { EventFolder(path: $0) })
    }
}
