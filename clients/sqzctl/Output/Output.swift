internal import Files
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Standard output and error. What can't be written to standard output ends the program: nobody may take half of it for all.
enum Output {
    /// Before anything else is opened: a standard descriptor that is closed would be the number of the next file, or of the
    /// daemon's socket. What is put in its place can't be used the way it would be, as in gnulib's stdopen.
    static func begin() {
        // Who stops reading, as head does, is told by the write that fails.
        signal(SIGPIPE, SIG_IGN)
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Some file systems say only now that there was no room.
    static func end() {
        if close(STDOUT_FILENO) != 0 { fail(errno) }
    }

    /// A reply's parameters as they came, on a line.
    static func json(_ reply: Reply) throws {
        let object = try reply.parameters([String: JSONValue].self)
        write(String(decoding: try JSON.encode(JSONValue.object(object)), as: UTF8.self) + "\n")
    }

    /// A line on standard output, at once: somebody may be reading along. It is one, whatever others wrote into it.
    static func line(_ text: String) { write(text.printable + "\n") }

    /// Text on standard output as it is.
    static func write(_ text: String) { write(Array(text.utf8)) }

    /// Bytes on standard output as they are.
    static func write(_ bytes: [UInt8]) {
        if let code = write(bytes, to: STDOUT_FILENO) { fail(code) }
    }

    /// Where this can't be written, there is nobody left to tell.
    static func error(_ text: String) {
        _ = write(Array(((lineIsLive ? clear : "") + text.printable + "\n").utf8), to: STDERR_FILENO)
    }

    /// Shows a line that the next one replaces, on a terminal only.
    static func live(_ text: String) { live { _ in text } }

    /// - Parameter text: gets how many columns there are; what is longer is cut, as a second line could not be replaced.
    static func live(_ text: (Int) -> String) {
        guard let terminal = Terminal.error else { return }
        // The last column is left free: some terminals go on to the next line after it.
        let columns = terminal.columns - 1
        _ = write(Array((clear + Terminal.cut(text(columns).printable, to: columns)).utf8), to: STDERR_FILENO)
        lineIsLive = true
    }

    /// Removes the live line before something that stays.
    static func endLive() {
        guard lineIsLive else { return }
        _ = write(Array(clear.utf8), to: STDERR_FILENO)
        lineIsLive = false
    }

    /// Only the main thread prints.
    private nonisolated(unsafe) static var lineIsLive = false
    private static let clear = "\r\u{1B}[K"

    /// Writes all of it; gives the error of the call that could not.
    static func write(_ bytes: [UInt8], to descriptor: CInt) -> CInt? {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            rest = rest.dropFirst(count)
        }
        return nil
    }

    private static func fail(_ code: CInt) -> Never {
        // Whoever read this has gone away, as `head` does.
        if code == EPIPE { exit(EXIT_SUCCESS) }
        error("sqzctl: standard output: \(String(errno: code))")
        exit(EX_IOERR)
    }
}
