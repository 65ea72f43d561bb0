internal import SqzProtocol
internal import Varlink

/// A question to the daemon that a command line means, while it is being typed.
struct CompletionQuery {
    /// nil for a daemon on another machine, for which ssh could have to ask for something.
    private let socket: String?

    /// - Parameter index: of the word that is completed.
    init(_ words: [String], _ index: Int) {
        func value(of option: String) -> String? {
            for (place, word) in words.enumerated() where place != index {
                if word == option, place + 1 < words.count { return words[place + 1] }
                if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
            }
            return nil
        }
        let named = value(of: "--socket") ?? Daemon.variable("SQZD_SOCKET")
        let isElsewhere = value(of: "--host") != nil || named == nil && Daemon.variable("SQZD_HOST") != nil
        socket = isElsewhere ? nil : Daemon.socket(named)
    }

    /// Nothing where the daemon does not answer, or not soon: an error would stand in the middle of what is typed.
    func answer(_ body: (Connection) throws -> [String]) -> [String] {
        guard let socket else { return [] }
        do {
            return try body(Connection(path: socket)).filter { !$0.contains(where: \.isNewline) }
        } catch {
            return []
        }
    }

    /// The daemon, for as long as somebody waits who has pressed TAB.
    struct Connection {
        private let client: Client
        private let deadline = ContinuousClock.now + .seconds(1)

        init(path: String) throws { client = try Client(path: path) }

        func call<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws -> M.Reply {
            try client.send(method, parameters)
            return try client.receive(method, until: deadline).parameters(M.Reply.self)
        }
    }
}
