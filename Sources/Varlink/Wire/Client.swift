internal import Files
internal import Glibc

/// A client's connection to a service, blocking, for one thread. Calls are answered in the order in which they were sent.
///
/// A class, also because of a bug in Swift 6.3's optimizer: of a structure, `send` is specialized in this module and in those
/// that call it under one symbol, but to take different parts of the structure, and the linker keeps only one of them.
public final class Client {
    private var file: FramedFile
    /// Closed with this connection; nil where the caller owns the descriptors.
    private var descriptor: CInt?
    private let path: String?
    /// Calls whose last reply has not come.
    private var unanswered = 0

    /// Connects to the socket at `path`.
    public init(path: String) throws(ConnectionError) {
        self.path = path
        let number = try Self.connect(path)
        descriptor = number
        file = FramedFile(input: number, output: number)
    }

    /// The descriptor of a connection to the socket at `path`, which the caller closes.
    public static func connect(_ path: String) throws(ConnectionError) -> CInt {
        do throws(FileError) {
            return try UnixSocket.connected(to: path)
        } catch {
            throw error.call == "connect"
                ? .unreachable(path: path, errno: error.code) : .system(call: error.call, errno: error.code)
        }
    }

    /// Speaks over descriptors that the caller owns, as a child's standard input and output.
    public init(over file: FramedFile) {
        self.file = file
        descriptor = nil
        path = nil
    }

    deinit {
        if let descriptor { close(descriptor) }
    }

    /// The reply to one call. Throws `VarlinkError`, `ConnectionError` or `JSONError`.
    public func call<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws -> M.Reply {
        try send(method, parameters)
        return try receive(method).parameters(M.Reply.self)
    }

    /// Sends a call; its reply is read by `receive`, after those of the calls before it.
    public func send<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, mode: ReplyMode = .one
    ) throws {
        let message = try Call.message(method, parameters, mode: mode)
        if try !write(message) {
            guard let path, unanswered == 0 else { throw ConnectionError.closed }
            // A service that stops takes no more, and has not done what it did not take; connecting waits for the next one.
            try reconnect(path)
            // Where this one has closed, too, what it says of it can be received.
            _ = try write(message)
        }
        if mode != .oneway { unanswered += 1 }
    }

    /// Sends bytes as they are, on a connection whose call with `upgrade` was answered. Tells whether the other side takes them;
    /// what it has to say instead can be received.
    public func send(bytes: [UInt8]) throws(ConnectionError) -> Bool { try write(bytes) }

    /// Tells whether the other side takes it.
    private func write(_ bytes: [UInt8]) throws(ConnectionError) -> Bool {
        do throws(ConnectionError) {
            try file.write(bytes)
            return true
        } catch {
            guard error == .closed else { throw error }
            return false
        }
    }

    private func reconnect(_ path: String) throws(ConnectionError) {
        let number = try Self.connect(path)
        if let descriptor { close(descriptor) }
        descriptor = number
        file = FramedFile(input: number, output: number)
    }

    /// The next reply to a call that was sent.
    public func receive<M: VarlinkMethod>(
        _ method: M.Type, until deadline: ContinuousClock.Instant? = nil
    ) throws -> Reply {
        guard let message = try file.read(until: deadline) else { throw ConnectionError.closed }
        return try parse(message)
    }

    /// Those of several connections on which `receive` has something to read, after waiting until there is one.
    public static func ready(_ clients: [Client]) throws(ConnectionError) -> [Int] {
        let held = clients.indices.filter { clients[$0].file.isReady }
        guard held.isEmpty else { return held }
        var watched = clients.map { pollfd(fd: $0.file.input, events: Int16(POLLIN), revents: 0) }
        while poll(&watched, nfds_t(watched.count), -1) < 0 {
            guard errno == EINTR else { throw .system(call: "poll", errno: errno) }
        }
        return watched.indices.filter { watched[$0].revents != 0 }
    }

    private func parse(_ message: [UInt8]) throws(ConnectionError) -> Reply {
        do throws(MalformedMessage) {
            let reply = try message.withUnsafeBytes { bytes in
                Result { () throws(MalformedMessage) in try Reply(parsing: bytes) }
            }.get()
            // On an upgraded connection there may be more messages than calls.
            if !reply.continues { unanswered = max(0, unanswered - 1) }
            return reply
        } catch {
            throw ConnectionError.malformed(error.description)
        }
    }

    /// The parameters of the next reply to a call that was sent, as they came, and whether others follow. Throws the
    /// `VarlinkError` if the reply is one.
    public func receiveText() throws -> (parameters: [UInt8], continues: Bool) {
        guard let message = try file.read() else { throw ConnectionError.closed }
        let passed = message.withUnsafeBytes { PassedReply($0) }
        guard let passed else {
            let reply = try parse(message)
            return (try JSON.encode(try reply.parameters([String: JSONValue].self)), reply.continues)
        }
        if !passed.continues { unanswered = max(0, unanswered - 1) }
        return (Array(message[passed.parameters]), passed.continues)
    }

    /// Calls with `more` and hands over each reply until the last one, or until `body` says that it has enough.
    public func stream<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, until deadline: ContinuousClock.Instant? = nil,
        _ body: (M.Reply) throws -> Next
    ) throws {
        try send(method, parameters, mode: .more)
        while true {
            let reply = try receive(method, until: deadline)
            let next = try body(try reply.parameters(M.Reply.self))
            if !reply.continues || next == .stop { return }
        }
    }

    /// What a reader of a stream wants. A connection whose stream was stopped is of no more use.
    public enum Next: Sendable {
        case more
        case stop
    }
}
