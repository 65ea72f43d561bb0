// Confines itself as a runner does, to a file that it may read and a directory that it may write, and then tries what it
// should and should not be able to do. Prints a line for each: its name, and the error's number, or 0. With a fourth argument it is
// one that speaks: it has a connection, and a thread, from before.
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

let speaks = arguments.count > 4
var ends: [CInt] = [-1, -1]
_ = socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends)
/// What a thread that was there before finds when it is let go on: the error's number of opening a socket.
let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
pthread_mutex_init(gate, nil)
pthread_mutex_lock(gate)
var older = pthread_t()
if speaks {
    nonisolated(unsafe) let gate = gate
    let status = pthread_create(
        &older, nil,
        { @Sendable context in
            pthread_mutex_lock(context!.assumingMemoryBound(to: pthread_mutex_t.self))
            let opened = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
            return UnsafeMutableRawPointer(bitPattern: opened < 0 ? Int(errno) : 0)
        }, gate)
    precondition(status == 0)
}

let shortfall = try Confinement(readable: [readable], writable: [writable], speaks: speaks).enforce()
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
// Called by the program itself, restart_syscall(2) says EINTR: there is nothing to go on with. Swift has no variadic functions of C's.
typealias Call = @convention(c) (Int) -> Int
#if arch(x86_64)
let restart = 219
#else
let restart = 128
#endif
report("restart", unsafeBitCast(dlsym(nil, "syscall"), to: Call.self)(restart) == 0)
var thread = pthread_t()
// Sendable, or the closure would belong to the main actor and trap in any other thread.
errno = pthread_create(&thread, nil, { @Sendable _ in nil }, nil)
if errno == 0 { errno = pthread_join(thread, nil) }
report("thread", errno == 0)
report("send", send(ends[0], "x", 1, 0) == 1)
var byte: UInt8 = 0
report("receive", recv(ends[1], &byte, 1, CInt(MSG_DONTWAIT)) == 1)
if speaks {
    pthread_mutex_unlock(gate)
    var found: UnsafeMutableRawPointer?
    pthread_join(older, &found)
    errno = CInt(Int(bitPattern: found))
    report("socket-of-older-thread", errno == 0)
}
