internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import SqzProtocol
internal import Synchronization

/// Accepts connections on a socket and serves each in a task of its own, in the thread of its user.
struct VarlinkServer: Service {
    let socket: CInt
    let handlers: Handlers
    let log: Logger
    /// Called when connections are accepted.
    let ready: @Sendable () throws -> Void
    private let memory = MemoryReturn()

    /// More than there are users at work at the same time on most machines. One without connections costs nothing but its
    /// stack.
    private static let threads = 8

    func run() async throws {
        let limit = try Descriptors.connections(handlers.configuration.current)
        let places = UserPlaces(
            places: Self.threads, connections: Limits.connectionsPerUser + Descriptors.refusals,
            all: limit + Descriptors.refusals)
        let incoming = try IncomingConnections(socket: socket, places: places, log: log)
        try ready()
        let budget = MessageBudget(memory)
        let open = OpenConnections(limit: limit)
        try await MultiThreadedEventLoopGroup.withEventLoopGroup(numberOfThreads: Self.threads) { group in
            let loops = group.makeIterator().map(LoopExecutor.init)
            await withTaskCancellationOrGracefulShutdownHandler {
                await withDiscardingTaskGroup { tasks in
                    for await accepted in incoming.accepted {
                        let executor = loops[accepted.place]
                        tasks.addTask(executorPreference: executor) {
                            await serve(accepted, on: executor.loop, budget, open)
                            places.leave(accepted.peer)
                        }
                    }
                    await open.drain()
                }
            } onCancelOrGracefulShutdown: {
                incoming.stop()
            }
        }
    }

    private func serve(
        _ accepted: IncomingConnections.Accepted, on loop: any EventLoop, _ budget: MessageBudget,
        _ open: OpenConnections
    ) async {
        let connection: Connection
        do {
            connection = try await connect(accepted, on: loop, budget)
        } catch {
            return log.debug("connection lost before it was served: \(error)")
        }
        do {
            try await open.enter(connection)
        } catch {
            log.warning("connection refused: \(error)", metadata: ["SQZ_UID": "\(connection.peer.uid)"])
            return await connection.refuse(error)
        }
        handlers.counters.connections.add(1, ordering: .relaxed)
        await connection.serve()
        open.leave(connection)
    }

    private func connect(
        _ accepted: IncomingConnections.Accepted, on loop: any EventLoop, _ budget: MessageBudget
    ) async throws -> Connection {
        let peer = accepted.peer
        let mode = ConnectionMode()
        let messages = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .withConnectedSocket(accepted.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        LateBytes(), ByteToMessageHandler(FrameDecoder(budget, of: peer, mode)),
                        SinglePictures(handlers, of: peer, mode, memory))
                    // One message waits at most, however large: it is read only when the one before is answered.
                    return try NIOAsyncChannel<Frame, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 1)))
                }
            }
        return Connection(messages, mode, peer: peer, handlers: handlers, memory: memory, log: log)
    }
}

/// The open connections, in all and for each user.
private final class OpenConnections: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        var byUser: [Peer: Int] = [:]
        var isDraining = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    /// Throws `SqzError.tooLarge`.
    func enter(_ connection: Connection) async throws(SqzError) {
        let isDraining = try state.withLock { state throws(SqzError) in
            let mine = state.byUser[connection.peer, default: 0]
            guard mine < Limits.connectionsPerUser else {
                throw SqzError.tooLarge(what: "your open connections", limit: Limits.connectionsPerUser, current: mine)
            }
            guard state.connections.count < limit else {
                throw SqzError.tooLarge(what: "all open connections", limit: limit, current: state.connections.count)
            }
            state.connections[ObjectIdentifier(connection)] = connection
            state.byUser[connection.peer] = mine + 1
            return state.isDraining
        }
        if isDraining { await connection.drain() }
    }

    func leave(_ connection: Connection) {
        state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            state.byUser[connection.peer, default: 0] -= 1
            if state.byUser[connection.peer] == 0 { state.byUser[connection.peer] = nil }
        }
    }

    /// No more calls are taken.
    func drain() async {
        let open = state.withLock { state in
            state.isDraining = true
            return Array(state.connections.values)
        }
        for connection in open { await connection.drain() }
    }
}
