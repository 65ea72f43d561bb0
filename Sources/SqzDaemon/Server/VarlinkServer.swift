internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import SqzProtocol
internal import Synchronization

/// Accepts connections on a socket and serves each in a task of its own.
struct VarlinkServer: Service {
    let socket: CInt
    let handlers: Handlers
    let log: Logger
    /// Called when connections are accepted.
    let ready: @Sendable () throws -> Void

    func run() async throws {
        let budget = MessageBudget()
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 4_096)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket) { channel in
                Peer.of(channel).flatMapThrowing { peer in
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(FrameDecoder(budget, of: peer)))
                    // One message waits at most, however large: it is read only when the one before is answered.
                    let messages = try NIOAsyncChannel<Frame, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1)))
                    return Connection(messages, peer: peer, handlers: handlers, log: log)
                }
            }
        try ready()
        let open = OpenConnections(limit: Limits.openConnections())
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await serve(connection, open) }
                    }
                    await open.drain()
                }
            }
        } onCancelOrGracefulShutdown: {
            Self.stopAccepting(server.channel)
        }
    }

    /// Closes the listening socket when every connection that was accepted has been handed out: none gets lost. Those that
    /// were not accepted wait for the next daemon, where systemd keeps the socket.
    private static func stopAccepting(_ channel: any Channel) {
        var quiet = channel.setOption(.autoRead, value: false)
        // A connection goes twice to a loop of its own and back, for its options and for its handlers, before it is handed
        // out; twice as often is enough.
        for _ in 0..<4 {
            quiet = quiet.flatMap {
                let loops = MultiThreadedEventLoopGroup.singleton.makeIterator().map { $0.submit {} }
                return EventLoopFuture.andAllComplete(Array(loops), on: channel.eventLoop)
            }.flatMap {
                channel.eventLoop.submit {}
            }
        }
        quiet.whenComplete { _ in channel.close(promise: nil) }
    }

    private func serve(_ connection: Connection, _ open: OpenConnections) async {
        let peer = connection.peer
        do {
            try await open.enter(connection)
        } catch {
            log.warning("connection refused: \(error)", metadata: ["SQZ_UID": "\(peer.uid)"])
            return await connection.refuse(error)
        }
        handlers.counters.connections.add(1, ordering: .relaxed)
        await connection.serve()
        await open.leave(connection)
    }
}

/// The open connections, in all and for each user.
private actor OpenConnections {
    private let limit: Int
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var byUser: [Peer: Int] = [:]
    private var isDraining = false

    init(limit: Int) { self.limit = limit }

    /// Throws `SqzError.tooLarge`.
    func enter(_ connection: Connection) async throws(SqzError) {
        let mine = byUser[connection.peer, default: 0]
        guard mine < Limits.connectionsPerUser else {
            throw .tooLarge(what: "your open connections", limit: Limits.connectionsPerUser, current: mine)
        }
        guard connections.count < limit else {
            throw .tooLarge(what: "all open connections", limit: limit, current: connections.count)
        }
        connections[ObjectIdentifier(connection)] = connection
        byUser[connection.peer] = mine + 1
        if isDraining { await connection.drain() }
    }

    func leave(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        byUser[connection.peer, default: 0] -= 1
        if byUser[connection.peer] == 0 { byUser[connection.peer] = nil }
    }

    /// No more calls are taken.
    func drain() async {
        isDraining = true
        for connection in connections.values { await connection.drain() }
    }
}

extension Limits {
    /// How many connections may be open, here and now.
    fileprivate static func openConnections() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
        return min(connections, Int(Double(min(limit.rlim_cur, 1 << 20)) * descriptorShare))
    }
}
