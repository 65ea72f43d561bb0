internal import Glibc
internal import SqzProtocol
internal import Varlink

/// The daemon, as a verb sees it.
struct Daemon {
    private let client: Client
    /// Its socket.
    let path: String
    private let json: Bool

    init(_ common: Common) throws {
        guard common.socket != "" else { throw UsageError(description: "--socket is empty; right would be a path") }
        path = try Self.path(common)
        client = try Client(path: path)
        json = common.json
    }

    /// Another daemon than the one that is meant: at an address of ssh, or at a socket of this machine.
    init(at place: String, json: Bool) throws {
        path = try place.hasPrefix(RemoteAddress.scheme) ? RemoteHost.socket(of: place) : place
        client = try Client(path: path)
        self.json = json
    }

    /// Another connection, for a call after which it is of no more use for others.
    func connect() throws -> Client { try Client(path: path) }

    private static func path(_ common: Common) throws -> String {
        if common.socket != nil, common.host != nil {
            throw UsageError(description: "--socket and --host are two daemons; right would be one of them")
        }
        return try host(common).map(RemoteHost.socket) ?? socket(common.socket)
    }

    /// The machine, where another one is meant. An option comes before a variable, and a socket before a machine.
    static func host(_ common: Common) -> String? {
        common.host ?? (common.socket == nil && variable("SQZD_SOCKET") == nil ? variable("SQZD_HOST") : nil)
    }

    /// On this machine, in DESIGN's order: the option, the variable, the system's daemon, the user's own.
    static func socket(_ option: String?) -> String {
        if let path = option ?? variable("SQZD_SOCKET") { return path }
        guard access(systemSocket, F_OK) != 0, let directory = variable("XDG_RUNTIME_DIR") else { return systemSocket }
        return directory + "/sqzd/io.sqzd"
    }

    static let systemSocket = "/run/sqzd/io.sqzd"

    /// Of the environment; empty is not set.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A call whose reply the verb needs itself.
    func call<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, until deadline: ContinuousClock.Instant? = nil
    ) throws -> M.Reply {
        try send(method, parameters)
        return try receive(method, until: deadline).typed
    }

    /// A call whose reply is what the user asked for: printed by `print`, or as it came with `--json`.
    @discardableResult
    func show<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, _ print: (M.Reply) throws -> Void
    ) throws -> M.Reply {
        try send(method, parameters)
        let (reply, typed) = try receive(method)
        if json { try Output.json(reply) } else { try print(typed) }
        return typed
    }

    /// A call with many replies, each of them printed.
    func stream<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, until deadline: ContinuousClock.Instant? = nil,
        _ print: (M.Reply) throws -> Client.Next
    ) throws {
        try send(method, parameters, mode: .more)
        while true {
            let (reply, typed) = try receive(method, until: deadline)
            if json { try Output.json(reply) }
            if try print(typed) == .stop || !reply.continues { return }
        }
    }

    /// A call with many replies, printed as they came for as long as somebody reads them.
    func pass<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws {
        try send(method, parameters, mode: .more)
        while true {
            let (text, continues) = try client.receiveText()
            Output.write(text + [UInt8(ascii: "\n")])
            if !continues || !Output.isOpen { return }
        }
    }

    /// A call with many replies, which the verb needs itself.
    func take<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, _ body: (M.Reply) throws -> Client.Next
    ) throws {
        try send(method, parameters, mode: .more)
        while true {
            let (reply, typed) = try receive(method)
            if try body(typed) == .stop || !reply.continues { return }
        }
    }

    /// Calls of one method, several on their way at once; `body` gets the replies in order.
    func pipeline<M: VarlinkMethod>(
        _ method: M.Type, next: () throws -> M.Parameters?, _ body: (M.Reply) throws -> Void
    ) throws {
        var onTheirWay = 0
        func receive() throws {
            try body(try self.receive(method).typed)
            onTheirWay -= 1
        }
        while let parameters = try next() {
            try send(method, parameters)
            onTheirWay += 1
            if onTheirWay == Self.window { try receive() }
        }
        while onTheirWay > 0 { try receive() }
    }

    /// What can't be said in JSON is what the user typed.
    private func send<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters, mode: ReplyMode = .one) throws {
        do {
            try client.send(method, parameters, mode: mode)
        } catch let error as JSONError {
            throw UsageError(description: "\(error.path.split(separator: ".").last ?? ""): \(error.reason)")
        }
    }

    private func receive<M: VarlinkMethod>(
        _ method: M.Type, until deadline: ContinuousClock.Instant? = nil
    ) throws -> (reply: Reply, typed: M.Reply) {
        let reply = try client.receive(method, until: deadline)
        do {
            return (reply, try reply.parameters(M.Reply.self))
        } catch let error as VarlinkError where ServiceError(error) == .permissionDenied {
            throw NotPermitted.priority(of: method) ?? error
        }
    }

    /// Enough to keep both sides busy, few enough to stay small.
    private static let window = 4
}
