internal import Glibc
internal import SqzRunner

signal(SIGPIPE, SIG_IGN)
// Each new thread of libdispatch tells syslog that it may not raise its priority, which nobody asked it to.
setenv("LIBDISPATCH_LOG", "NO", 0)
do {
    try Runner(input: STDIN_FILENO, output: STDOUT_FILENO).run()
} catch {
    Log.write("\(error)")
    exit(1)
}
