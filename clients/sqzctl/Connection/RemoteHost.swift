internal import Glibc

/// The sockets of daemons on other machines, which ssh(1) forwards to ones of our own for as long as this program runs.
enum RemoteHost {
    /// Whether the daemon is on another machine, whose files and users are not those of this one.
    static var isUsed: Bool { !forwarded.isEmpty }

    /// The path of the socket here. The first call for a machine starts ssh, which asks for what it needs on the terminal, and returns when
    /// the daemon's socket was found there.
    static func socket(of text: String) throws -> String {
        if let path = forwarded[text] { return path }
        let address = try RemoteAddress(text)
        let folder = try makeFolder()
        let path = folder + "/io.sqzd"
        try start(address, path, folder)
        forwarded[text] = path
        return path
    }

    /// Only the main thread connects.
    private nonisolated(unsafe) static var forwarded: [String: String] = [:]

    /// Runs ssh, and removes the folder when it has ended, however this program ends: ssh does as its standard input does, which is
    /// ours. Ctrl-C is ssh's as well.
    private static let script = """
        folder=$1; said=$2; shift 2
        trap : HUP INT TERM
        ssh "$@" 2>&"$said"
        status=$?
        rm -rf -- "$folder"
        exit $status
        """

    /// Looks at the socket, says what it found, and stays for as long as standard input does.
    private static func look(at socket: String) -> String {
        """
        exec sh -c '\
        if [ ! -S "$0" ]; then echo \(Answer.absent.rawValue); \
        elif [ ! -w "$0" ]; then echo \(Answer.denied.rawValue); \
        else echo \(Answer.ready.rawValue); exec cat > /dev/null; fi' '\(socket)'
        """
    }

    /// Lines such as no greeting has.
    private enum Answer: String, CaseIterable {
        case absent = "sqzctl:absent"
        case denied = "sqzctl:denied"
        case ready = "sqzctl:ready"
    }

    private static func start(_ address: RemoteAddress, _ path: String, _ folder: String) throws {
        let options = [
            // No shared connection, which would listen on when this program has ended; no more of the user's than that.
            "-T", "-a", "-x", "-S", "none", "-o", "ControlMaster=no", "-o", "ExitOnForwardFailure=yes",
            // A machine that is gone is noticed after a minute.
            "-o", "ServerAliveInterval=20", "-o", "RemoteCommand=none",
            "-L", "\(path):\(address.socket)", address.destination, look(at: address.socket),
        ]
        // Where programs read what goes wrong, it is told in the error.
        let said = ToldError.isWanted ? try SaidBySSH(in: folder) : nil
        let child = try ChildProcess(
            ["/bin/sh", "-c", script, "sqzctl", folder, said == nil ? "2" : "3"] + options, third: said?.descriptor)
        // Its standard input stays open until this program ends, and closes with it.
        switch answer(of: child) {
        case .ready: return
        case .absent:
            throw RemoteError("no daemon at \(address.socket) of \(address.destination)", EX_UNAVAILABLE)
        case .denied:
            throw RemoteError(
                "you may not use \(address.socket) of \(address.destination): only members of its group may", EX_NOPERM)
        case nil:
            // What it says of itself comes first.
            _ = child.wait()
            let reason = said.map { ": " + $0.text } ?? ""
            throw RemoteError(
                "ssh could not reach \(address.destination), or not run sh there\(reason)", EX_UNAVAILABLE)
        }
    }

    /// What is found; before it may come what shells print when they start. nil where ssh has ended.
    private static func answer(of child: ChildProcess) -> Answer? {
        var line: [UInt8] = []
        while case let bytes = child.read(), !bytes.isEmpty {
            let lines = (line + bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let answers = lines.dropLast().compactMap { Answer(rawValue: String(decoding: $0, as: UTF8.self)) }
            if let answer = answers.first { return answer }
            line = lines.last.map { Array($0) } ?? []
        }
        return nil
    }

    /// One that nobody else can look into. A socket's path has 107 bytes at most.
    private static func makeFolder() throws -> String {
        let named = ["XDG_RUNTIME_DIR", "TMPDIR"].compactMap(Daemon.variable)
        let places = named.filter { $0.utf8.count <= 64 } + ["/tmp"]
        for place in places {
            var template = Array("\(place)/sqzctl-XXXXXX".utf8CString)
            if let made = mkdtemp(&template) { return String(cString: made) }
        }
        throw InputError(written: places[places.count - 1], code: errno)
    }
}

/// A file without a name, for what ssh says to people.
private struct SaidBySSH {
    let descriptor: CInt

    init(in folder: String) throws {
        let path = folder + "/said"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw InputError(written: path, code: errno) }
        unlink(path)
    }

    /// Its lines beside each other, the first bytes of them.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let lines = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.joined(separator: "; ")
    }
}

/// What keeps from a daemon on another machine, beside what ssh has said.
struct RemoteError: Error, CustomStringConvertible {
    let description: String
    let status: CInt

    init(_ description: String, _ status: CInt) {
        self.description = description
        self.status = status
    }
}
