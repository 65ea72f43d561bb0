// Confines itself as a runner does, to a file that it may read and a directory that it may write, and then tries what it
// should and should not be able to do. Prints a line for each: its name, and the error's number, or 0.
internal import Confinement
internal import Glibc

let arguments = CommandLine.arguments
let (readable, writable, foreign) = (arguments[1], arguments[2], arguments[3])

func report(_ name: String, _ succeeded: Bool) { print(name, succeeded ? 0 : errno) }

func canOpen(_ path: String, _ flags: CInt) -> Bool {
    let file = open(path, flags, 0o600)
    defer { if file >= 0 { close(file) } }
    return file >= 0
}

let shortfall = try Confinement(readable: [readable], writable: [writable]).enforce()
print("shortfall", shortfall ?? "none")
report("read-own", canOpen(readable, O_RDONLY))
report("write-own", canOpen(writable + "/made", O_CREAT | O_WRONLY))
report("rename-own", rename(writable + "/made", writable + "/renamed") == 0)
report("change-readable", canOpen(readable, O_WRONLY))
report("read-foreign", canOpen(foreign, O_RDONLY))
report("list-foreign", opendir("/etc") != nil)
report("socket", socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0) >= 0)
var child: pid_t = 0
var words: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
errno = posix_spawn(&child, "/bin/true", nil, nil, &words, nil)
report("spawn", errno == 0)
execv("/bin/true", &words)
report("exec", false)
report("kill", kill(getppid(), 0) == 0)
var thread = pthread_t()
// Sendable, or the closure would belong to the main actor and trap in any other thread.
errno = pthread_create(&thread, nil, { @Sendable _ in nil }, nil)
if errno == 0 { errno = pthread_join(thread, nil) }
report("thread", errno == 0)
