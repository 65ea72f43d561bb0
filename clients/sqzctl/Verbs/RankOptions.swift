internal import ArgumentParser

/// As how many processes a job runs.
struct RankOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Run as so many processes side by side, 1, 2, 4 or 8, which come to the same; --threads is for each. A paused or failed \
            job may go on with another number.
            """, valueName: "n"))
    var ranks: Int?
    @Option(
        help: ArgumentHelp(
            "By which launcher of the daemon's configuration they are started; mpirun by default.", valueName: "name"))
    var launcher: String?
}

extension RankOptions {
    /// They are of single jobs.
    func refuse(for words: [JobWord]) throws {
        guard ranks != nil || launcher != nil else { return }
        for case .sweep(let name) in words {
            throw UsageError(
                description: "--ranks and --launcher are of jobs, and \(name) is a sweep; its jobs' ids would be right")
        }
    }
}
