internal import CSeccomp
internal import Glibc

/// The system calls that are left: those of computing, threads, time and files that are named. All others answer EPERM.
enum SystemCalls {
    private static let allowed = [
        // Memory
        "brk", "madvise", "mmap", "mprotect", "mremap", "munmap", "membarrier",
        // Files
        "access", "close", "dup", "faccessat", "faccessat2", "fallocate", "fadvise64", "fchmod", "fcntl", "fdatasync",
        "fstat",
        "fsync", "ftruncate", "getcwd", "getdents64", "lseek", "lstat", "newfstatat", "open", "openat", "poll", "ppoll",
        "pread64", "preadv", "pwrite64", "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat",
        "renameat2", "stat", "statx", "unlink", "unlinkat", "write", "writev",
        // Threads and events
        "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "exit", "exit_group", "futex",
        "futex_waitv",
        "gettid", "getpid", "rseq", "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
        "timerfd_create", "timerfd_settime", "getpriority",
        // Signals
        "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "tgkill",
        // With which the kernel goes on with a wait (poll, nanosleep) that SIGSTOP or the computer's sleep interrupted (restart_syscall(2))
        "restart_syscall",
        // Time and chance
        "clock_getres", "clock_gettime", "clock_nanosleep", "getrandom", "gettimeofday", "nanosleep",
        // Questions about oneself
        "getegid", "geteuid", "getgid", "getrusage", "getuid", "prctl", "prlimit64", "sysinfo", "uname",
    ]

    /// Of a process that has sockets. None can be opened, connected or accepted, and none handed over.
    private static let speaking = [
        "getpeername", "getsockname", "getsockopt", "recvfrom", "recvmsg", "sendmsg", "sendto", "setsockopt",
        "shutdown",
    ]

    /// CLONE_THREAD (clone(2))
    private static let thread: UInt64 = 0x0001_0000

    /// - Parameter speaks: it has sockets, and threads which the filter is for as well.
    static func confine(speaks: Bool) throws(ConfinementError) {
        func check(_ call: String, _ result: CInt) throws(ConfinementError) {
            guard result == 0 else { throw ConfinementError(call: call, code: -result) }
        }
        guard let filter = seccomp_init(action(EPERM)) else {
            throw ConfinementError(call: "seccomp_init", code: ENOMEM)
        }
        defer { seccomp_release(filter) }
        if speaks { try check("seccomp_attr_set", seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)) }
        for name in speaks ? allowed + speaking : allowed {
            let number = seccomp_syscall_resolve_name(name)
            // A call that this processor's kernel never had (access on arm64) needs no rule.
            guard number != __NR_SCMP_ERROR, number >= 0 else { continue }
            try check(
                "seccomp_rule_add \(name)", seccomp_rule_add_array(filter, UInt32(SCMP_ACT_ALLOW), number, 0, nil))
        }
        // A new thread, but no new process.
        let isThread = scmp_arg_cmp(
            arg: 0, op: SCMP_CMP_MASKED_EQ, datum_a: thread, datum_b: thread)
        try check(
            "seccomp_rule_add clone",
            withUnsafePointer(to: isThread) { condition in
                seccomp_rule_add_array(
                    filter, UInt32(SCMP_ACT_ALLOW), seccomp_syscall_resolve_name("clone"), 1, condition)
            })
        // Its arguments can't be looked at; told that there is none, glibc takes clone.
        try check(
            "seccomp_rule_add clone3",
            seccomp_rule_add_array(filter, action(ENOSYS), seccomp_syscall_resolve_name("clone3"), 0, nil))
        try check("seccomp_load", seccomp_load(filter))
    }

    /// SCMP_ACT_ERRNO
    private static func action(_ code: CInt) -> UInt32 { 0x0005_0000 | UInt32(code) }
}
