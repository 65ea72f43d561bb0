internal import Files
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Standard output and error. After what can't be written to standard output, nothing more is: nobody may take what has a gap
/// for all. What a verb does beside printing, it goes on with.
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

    /// Ends the program with the status of its work; where that is done, with 74 if not all could be printed.
    static func end(_ status: CInt = EXIT_SUCCESS) -> Never {
        // Some file systems say only now that there was no room.
        if failure == nil, close(STDOUT_FILENO) != 0 { fail(errno) }
        // Whoever read this and went away, as `head` does, had enough.
        if status == EXIT_SUCCESS, let failure, failure != EPIPE { exit(EX_IOERR) }
        exit(status)
    }

    /// Whether what is printed still gets anywhere. What does nothing but print ends where it does not.
    static var isOpen: Bool {
        guard failure == nil else { return false }
        // A pipe's reader may have gone while there was nothing to write.
        var watched = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        if poll(&watched, 1, 0) > 0, watched.revents & Int16(POLLERR) != 0 { fail(EPIPE) }
        return failure == nil
    }

    /// A reply's parameters as they came, on a line.
    static func json(_ reply: Reply) throws {
        let object = try reply.parameters([String: JSONValue].self)
        write(String(decoding: try JSON.encode(JSONValue.object(object)), as: UTF8.self) + "\n")
    }

    /// An object of the client's own, on a line.
    static func object(_ object: some Encodable) throws {
        write(String(decoding: try JSON.encode(object), as: UTF8.self) + "\n")
    }

    /// A line on standard output, at once: somebody may be reading along. It is one, whatever others wrote into it; a terminal
    /// that is not as wide has as many as it needs.
    static func line(_ text: String) { paintedLine([(text.printable, nil)]) }

    /// The same, of parts in colours, which are printable.
    static func paintedLine(_ parts: [(text: String, paint: Paint?)]) {
        for line in Display.columns.map({ wrapped(parts, to: $0) }) ?? [parts] {
            write(line.map { part in part.paint?.on(shown(part.text)) ?? shown(part.text) }.joined() + "\n")
        }
    }

    /// A head, and beside it from a column on a text that goes on below its beginning. A longer head has a line of its own.
    static func hanging(
        _ head: [(text: String, paint: Paint?)], _ text: String, _ paint: Paint? = nil, at indent: Int
    ) {
        var head = head
        if head.reduce(0, { $0 + $1.text.columns }) > indent - 2 {
            paintedLine(head)
            head = []
        }
        let room = Display.columns.map { max($0 - indent, leastColumns) } ?? .max
        for line in text.cell.lines(of: room) {
            let space = String(repeating: " ", count: indent - head.reduce(0) { $0 + $1.text.columns })
            paintedLine(head + [(space, nil), (line, paint)])
            head = []
        }
    }

    /// On a terminal that is narrower nothing can be read.
    private static let leastColumns = 8

    /// As many lines as these columns ask for, broken at words; those after the first are further in.
    private static func wrapped(_ parts: [(text: String, paint: Paint?)], to columns: Int) -> [[(
        text: String, paint: Paint?
    )]] {
        let parts = parts.count == 1 ? [(text: parts[0].text.withoutTabs, paint: parts[0].paint)] : parts
        let whole = parts.map(\.text).joined()
        guard whole.columns > columns else { return [parts] }
        let indent = min(whole.prefix { $0 == " " }.count + 2, columns / 2)
        var rest = parts.map { (text: Substring($0.text), paint: $0.paint) }[...]
        return whole.lines(of: columns, hanging: indent).enumerated().map { index, line in
            var line = line.unicodeScalars.count
            var taken: [(text: String, paint: Paint?)] =
                index == 0 ? [] : [(String(repeating: " ", count: indent), nil)]
            while line > 0, let next = rest.first {
                let part = next.text.unicodeScalars.prefix(line)
                taken.append((String(part), next.paint))
                line -= part.count
                rest[rest.startIndex].text = Substring(next.text.unicodeScalars.dropFirst(part.count))
                if rest[rest.startIndex].text.isEmpty { rest.removeFirst() }
            }
            // Where it was broken there are spaces that no line has.
            while let next = rest.first, next.text.allSatisfy({ $0 == " " }) { rest.removeFirst() }
            if let next = rest.first { rest[rest.startIndex].text = next.text.drop { $0 == " " } }
            return taken
        }
    }

    /// As the terminal can show it; what goes elsewhere is left as it is.
    static func shown(_ text: String) -> String {
        guard !Display.isUTF8, Terminal.output != nil, text.utf8.contains(where: { $0 > 127 }) else {
            return text
        }
        return String(text.map { $0.isASCII ? $0 : "?" })
    }

    /// Text on standard output as it is.
    static func write(_ text: String) { write(Array(text.utf8)) }

    /// Bytes on standard output as they are.
    static func write(_ bytes: [UInt8]) {
        if failure == nil, let code = write(bytes, to: STDOUT_FILENO) { fail(code) }
    }

    /// Where this can't be written, there is nobody left to tell.
    ///
    /// - Parameter isWhole: it is a program's to read.
    static func error(_ text: String, isWhole: Bool = false) {
        let text = text.printable
        let columns = isWhole || Display.isWide ? nil : Terminal.error?.columns
        let lines = columns.map { columns in
            wrapped([(text, nil)], to: columns).map { $0.map(\.text).joined() }
        }
        _ = write(Array((clearing + (lines ?? [text]).joined(separator: "\n") + "\n").utf8), to: STDERR_FILENO)
        liveLines = 0
    }

    /// Shows a line that the next one replaces, on a terminal only.
    static func live(_ text: String) { live { _ in text } }

    /// - Parameter text: gets how many columns there are; what is longer is cut, as a second line could not be replaced.
    static func live(_ text: (Int) -> String) { live { columns, _ in [text(columns)] } }

    /// Shows lines that the next ones replace.
    ///
    /// - Parameter lines: gets how many columns and rows there are.
    static func live(_ lines: (Int, Int) -> [String]) {
        guard let terminal = Terminal.error else { return }
        // The last column is left free: some terminals go on to the next line after it.
        let columns = terminal.columns - 1
        let texts = lines(columns, terminal.rows).map { shown($0.cell.cut(to: columns)) }
        let before = liveLines == 0 ? clear : clearing
        _ = write(Array((before + texts.joined(separator: "\n")).utf8), to: STDERR_FILENO)
        liveLines = texts.count
    }

    /// Removes the live lines before something that stays.
    static func endLive() {
        guard liveLines > 0 else { return }
        _ = write(Array(clearing.utf8), to: STDERR_FILENO)
        liveLines = 0
    }

    /// What removes the live lines.
    private static var clearing: String {
        switch liveLines {
        case 0: ""
        case 1: clear
        default: "\r\u{1B}[\(liveLines - 1)A\u{1B}[J"
        }
    }

    /// Only the main thread prints.
    private nonisolated(unsafe) static var liveLines = 0
    /// The error of the first write to standard output that failed.
    private nonisolated(unsafe) static var failure: CInt?
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

    private static func fail(_ code: CInt) {
        failure = code
        if code != EPIPE { error("sqzctl: standard output: \(String(errno: code))") }
    }
}
