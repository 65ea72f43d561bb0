internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Standard output and error.
enum Output {
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1

    /// A reply's parameters as they came, on a line.
    static func json(_ reply: Reply) throws {
        let object = try reply.parameters([String: JSONValue].self)
        write(String(decoding: try JSON.encode(JSONValue.object(object)), as: UTF8.self) + "\n")
    }

    /// A line on standard output, at once: somebody may be reading along. It is one, whatever others wrote into it.
    static func line(_ text: String) { write(text.printable + "\n") }

    /// Text on standard output as it is.
    static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

    static func error(_ text: String) {
        write((lineIsLive ? clear : "") + text.printable + "\n", to: STDERR_FILENO)
    }

    /// Shows a line that the next one replaces, on a terminal only.
    static func live(_ text: String) {
        guard errorIsTerminal else { return }
        write("\(clear)\(text.printable)", to: STDERR_FILENO)
        lineIsLive = true
    }

    /// Removes the live line before something that stays.
    static func endLive() {
        guard lineIsLive else { return }
        write(clear, to: STDERR_FILENO)
        lineIsLive = false
    }

    /// Only the main thread prints.
    private nonisolated(unsafe) static var lineIsLive = false
    private static let clear = "\r\u{1B}[K"

    private static func write(_ text: String, to descriptor: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Whoever read this has gone away, as `head` does.
            guard count > 0 else { exit(EXIT_SUCCESS) }
            rest = rest.dropFirst(count)
        }
    }
}
