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
    /// Called when connections are accepted, and when no more are.
    let ready: @Sendable () throws -> Void
    let stopping: @Sendable () -> Void

    func run() async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 4_096)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(FrameDecoder()))
                    // One message waits at most, however large: it is read only when the one before is answered.
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1)))
                }
            }
        try ready()
        let limit = Limits.openConnections()
        let open = OpenConnections(limit: limit)
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await channel in connections {
                        group.addTask { await serve(channel, open) }
                    }
                    // The socket is closed; connections end when they have answered what has come.
                }
            }
        } onCancelOrGracefulShutdown: {
            handlers.stopping.begin()
            stopping()
            server.channel.close(promise: nil)
        }
    }

    private func serve(_ channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ open: OpenConnections) async {
        do {
            let peer = try await Peer(of: channel.channel)
            guard await open.enter(peer) else {
                log.warning("connection refused: too many are open", metadata: ["SQZ_UID": "\(peer.uid)"])
                try await channel.executeThenClose { _, _ in }
                return
            }
            handlers.counters.connections.add(1, ordering: .relaxed)
            await Connection(channel: channel, peer: peer, handlers: handlers, log: log).serve()
            await open.leave(peer)
        } catch {
            log.debug("connection lost before its first call: \(error)")
        }
    }
}

/// Counts open connections, in all and for each user.
private actor OpenConnections {
    private let limit: Int
    private var total = 0
    private var byUser: [Peer: Int] = [:]

    init(limit: Int) { self.limit = limit }

    func enter(_ peer: Peer) -> Bool {
        guard total < limit, byUser[peer, default: 0] < Limits.connectionsPerUser else { return false }
        total += 1
        byUser[peer, default: 0] += 1
        return true
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
