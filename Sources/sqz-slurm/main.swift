internal import Glibc

// Stands between sqzd and the ranks of a job for which Slurm gives out machines: asks for them, tells what it waits for, and hands on
// what sqzd and the first rank say to each other when they are there.

signal(SIGPIPE, SIG_IGN)
// Each new thread of libdispatch tells syslog that it may not raise its priority, which nobody asked it to.
setenv("LIBDISPATCH_LOG", "NO", 0)
do {
    let request = try SlurmRequest(Array(CommandLine.arguments.dropFirst()))
    let daemon = DaemonEnd()
    try await withThrowingTaskGroup(of: Void.self) { group in
        var place = PlaceInLine(request, daemon)
        events: for await event in daemon.events {
            switch try await place.meet(event) {
            case .wait: continue
            case .compute(let step):
                group.addTask { daemon.continuation.yield(.step(await step.run())) }
            case .done: break events
            }
        }
        group.cancelAll()
    }
} catch {
    DaemonEnd.log("\(error)")
    exit(EXIT_FAILURE)
}
exit(EXIT_SUCCESS)
