import Foundation
import Synchronization

/// Ends daemons and removes their directories when this process ends before it could: by a crash, or by Ctrl-C. A program of
/// its own, which learns of that from the end of its standard input.
final class Janitor: Sendable {
    static let shared = Result { try Janitor() }

    private let process: ChildProcess
    private let input: Mutex<CInt>

    private static let script = #"""
        trap '' INT TERM HUP
        while read -r pid directory; do list="$list $pid:$directory"; done
        for entry in $list; do
            pid=${entry%%:*} directory=${entry#*:}
            # The number may be another process's by now.
            if grep -qsF "$directory" "/proc/$pid/cmdline"; then kill -9 "$pid"; fi
            rm -rf "$directory"
        done
        """#

    private init() throws {
        let (reading, writing) = try GNU.pipe()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        process = try ChildProcess(["sh", "-c", Self.script], input: reading, output: null, errors: null)
        close(reading)
        close(null)
        input = Mutex(writing)
    }

    /// Has a daemon ended and its directory removed if this process can't.
    func look(after pid: pid_t, in directory: String) {
        let line = Array("\(pid) \(directory)\n".utf8)
        // At most a few dozen bytes, which a pipe takes whole.
        _ = input.withLock { write($0, line, line.count) }
    }
}
