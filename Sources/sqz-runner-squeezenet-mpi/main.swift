internal import CProcess
internal import Glibc
internal import SqueezeNet
internal import SqzRunner

// One of the processes of a job with ranks: the first speaks with the daemon over the standard input and output that its launcher
// forwards, the others with it.

signal(SIGPIPE, SIG_IGN)
// Whoever gave the machines takes them back soon: the first rank is asked to stop, as sqzd asks.
signal(SIGUSR1, SIG_IGN)
// Each new thread of libdispatch tells syslog that it may not raise its priority, which nobody asked it to.
setenv("LIBDISPATCH_LOG", "NO", 0)
// Nobody outlives its launcher, wherever that is ended.
guard sqz_end_with_parent() == 0 else { fatalError("prctl: \(String(cString: strerror(errno)))") }
// Standard output is for the protocol: what MPI writes there goes to standard error, and on other ranks all.
let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
    fatalError("standard output: \(String(cString: strerror(errno)))")
}
let mpi = MPI()
guard mpi.collective.rank == 0 else {
    close(output)
    FollowingRank(mpi.ranks, abort: MPI.abort).run()
}
do {
    try Runner(input: STDIN_FILENO, output: output, ranks: mpi.ranks, stopSignal: SIGUSR1).run()
} catch {
    Log.write("\(error)")
    MPI.abort()
}
