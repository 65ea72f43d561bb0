internal import Glibc

/// A terminal that a verb has to itself: keys come as they are typed, and what was on it before is there again afterwards.
struct Screen {
    /// What a key means.
    enum Key: Equatable {
        case character(Character)
        case up, down, pageUp, pageDown, home, end, escape
    }

    /// Why `wait` returned.
    struct Event {
        var keys: [Key] = []
        /// Something can be read from the descriptor.
        var isReadable = false
        /// Nobody can type any more.
        var isClosed = false
    }

    /// What the terminal is set to when it is given back. A signal's handler reads it.
    private nonisolated(unsafe) static var before = termios()

    /// nil where nobody can type, or nothing is seen.
    init?() {
        guard isatty(STDIN_FILENO) == 1, Terminal.output != nil,
            tcgetattr(STDIN_FILENO, &Self.before) == 0
        else {
            return nil
        }
        var raw = Self.before
        // Ctrl-C comes as a key, too: the terminal is given back first.
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0 else { return nil }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in
                Screen.giveBack()
                _exit(EXIT_SUCCESS)
            }
        }
        // poll(2) returns when the size has changed.
        signal(SIGWINCH) { _ in }
        Output.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Only what signal-safety(7) allows.
    private static func giveBack() {
        let text: StaticString = "\u{1B}[?25h\u{1B}[?1049l"
        write(STDOUT_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    func end() { Self.giveBack() }

    /// Writes all lines anew, the last one without a line's end.
    func show(_ lines: [String]) {
        // Home, and what is below what is written now goes.
        Output.write("\u{1B}[H\u{1B}[J" + lines.joined(separator: "\n"))
    }

    /// Waits for a key, for something to read from `descriptor`, or for another size.
    func wait(_ descriptor: CInt) throws -> Event {
        var watched = [STDIN_FILENO, descriptor].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard poll(&watched, nfds_t(watched.count), -1) >= 0 else {
            guard errno == EINTR else {
                throw UsageError(description: "poll: \(String(cString: strerror(errno)))")
            }
            return Event()
        }
        var event = Event(isReadable: watched[1].revents != 0)
        guard watched[0].revents != 0 else { return event }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        event.isClosed = count <= 0
        event.keys = Self.keys(bytes.prefix(max(count, 0)))
        return event
    }

    /// Keys that are no character send a sequence that begins with ESC (ECMA-48).
    private static func keys(_ bytes: ArraySlice<UInt8>) -> [Key] {
        let sequences: [(String, Key)] = [
            ("[A", .up), ("[B", .down), ("OA", .up), ("OB", .down), ("[5~", .pageUp), ("[6~", .pageDown),
            ("[H", .home),
            ("[F", .end), ("[1~", .home), ("[4~", .end), ("OH", .home), ("OF", .end),
        ]
        var rest = String(decoding: bytes, as: UTF8.self)[...]
        var keys: [Key] = []
        while let first = rest.popFirst() {
            guard first == "\u{1B}" else {
                keys.append(.character(first))
                continue
            }
            if let (text, key) = sequences.first(where: { rest.hasPrefix($0.0) }) {
                rest.removeFirst(text.count)
                keys.append(key)
            } else if rest.first == "[" {
                // Another key: it ends with a letter or ~.
                while let next = rest.popFirst(), !(next.isLetter || next == "~") {}
            } else {
                keys.append(.escape)
            }
        }
        return keys
    }
}
