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
                    return Connection(channel: messages, peer: peer, handlers: handlers, log: log)
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
                }
            }
        } onCancelOrGracefulShutdown: {
            server.channel.close(promise: nil)
        }
    }

    private func serve(_ connection: Connection, _ open: OpenConnections) async {
        let peer = connection.peer
        do {
            try await open.enter(peer)
        } catch {
            log.warning("connection refused: \(error)", metadata: ["SQZ_UID": "\(peer.uid)"])
            return await connection.refuse(error)
        }
        handlers.counters.connections.add(1, ordering: .relaxed)
        await connection.serve()
        await open.leave(peer)
    }
}

/// Counts open connections, in all and for each user.
private actor OpenConnections {
    private let limit: Int
    private var total = 0
    private var byUser: [Peer: Int] = [:]

    init(limit: Int) { self.limit = limit }

    /// Throws `SqzError.tooLarge`.
    func enter(_ peer: Peer) throws(SqzError) {
        let mine = byUser[peer, default: 0]
        guard mine < Limits.connectionsPerUser else {
            throw .tooLarge(what: "your open connections", limit: Limits.connectionsPerUser, current: mine)
        }
        guard total < limit else { throw .tooLarge(what: "all open connections", limit: limit, current: total) }
        total += 1
        byUser[peer] = mine + 1
    }

    func leave(_ peer: Peer) {
        total -= 1
        byUser[peer, default: 0] -= 1
        if byUser[peer] == 0 { byUser[peer] = nil }
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
