internal import ArgumentParser

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what has happened to a job and what happens until it ends.",
        discussion: """
            Ctrl-C detaches; the job goes on. For example:
              sqzctl watch 7
            """)

    @Argument(help: "The job's id.") var job: Int
    @OptionGroup var common: Common

    func run() throws { try Following.watch(job, common) }
}
