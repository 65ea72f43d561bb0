internal import Glibc
internal import SqzRunner

signal(SIGPIPE, SIG_IGN)
do {
    try Runner(input: STDIN_FILENO, output: STDOUT_FILENO).run()
} catch {
    Log.write("\(error)")
    exit(1)
}
