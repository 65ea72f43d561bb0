internal import Glibc
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// One client's connection: takes its calls one after the other, so that replies are in order.
final class Connection: Sendable {
    let peer: Peer
    private let channel: NIOAsyncChannel<Frame, ByteBuffer>
    private let handlers: Handlers
    private let memory: MemoryReturn
    private let log: Logger
    /// The replies to the call at hand have no end of their own.
    private let isStreaming = Atomic(false)

    init(
        _ channel: NIOAsyncChannel<Frame, ByteBuffer>, peer: Peer, handlers: Handlers, memory: MemoryReturn, log: Logger
    ) {
        self.channel = channel
        self.peer = peer
        self.handlers = handlers
        self.memory = memory
        self.log = log
    }

    /// Serves until the client closes, sends what is no Varlink, or the daemon stops.
    func serve() async {
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask { await self.serveCalls() }
            // A client that goes away is noticed also while a stream has nothing to send.
            group.addTask {
                do { try await self.channel.channel.closeFuture.get() } catch { return .broken("\(error)") }
                return .closed
            }
            var outcome = await group.next() ?? .closed
            group.cancelAll()
            // What is broken is closed, too, and that may be noticed first.
            for await other in group {
                if case .broken = other { outcome = other }
            }
            return outcome
        }
        if case .broken(let reason) = outcome {
            log.notice("connection closed: \(reason)", metadata: ["SQZ_UID": "\(peer.uid)"])
        }
    }

    /// Calls that have come are still read and answered, then the connection is closed. Who sends another one from now on is
    /// told at once (EPIPE), and can be sure that it was not taken.
    func drain() async {
        do {
            try await channel.channel.eventLoop.submit { [channel] in
                try channel.channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self)
                {
                    // Not the channel's own way, which would drop what was not read. Fails where the client has gone.
                    _ = shutdown($0, CInt(SHUT_RD))
                }
            }.get()
        } catch {
            log.debug("connection lost before the daemon stopped: \(error)")
        }
        // A stream has no end of its own: its client goes on with the next daemon.
        let patience = isStreaming.load(ordering: .relaxed) ? TimeAmount.zero : Self.patience
        channel.channel.eventLoop.scheduleTask(in: patience) { [channel] in channel.channel.close(promise: nil) }
    }

    /// How long calls that have come may take when the daemon stops.
    private static let patience = TimeAmount.seconds(5)

    private enum Outcome {
        case closed
        case broken(String)
    }

    private func serveCalls() async -> Outcome {
        do {
            try await channel.executeThenClose { inbound, outbound in
                do {
                    for try await message in inbound {
                        let bytes = try await take(message, outbound)
                        memory.answered(bytes, on: channel.channel.eventLoop)
                        // Where the next call has come and there is room for its reply, nothing else would let others go on.
                        await Task.yield()
                    }
                } catch let error as SqzError {
                    // A message for which there is no room. Nobody knows yet what it would call; it is told all the same.
                    try await Replies(mode: .one, outbound: outbound).fail(try Self.wire(error))
                    throw error
                }
            }
            return .closed
        } catch is FrameDecoder.TooLong {
            return .broken("a message of more than \(FramedFile.maximumMessage) bytes")
        } catch let error as MalformedMessage {
            return .broken("\(error)")
        } catch is CancellationError {
            return .closed
        } catch is ChannelError, is IOError {
            // The client went away while it was being answered.
            return .closed
        } catch {
            return .broken("\(error)")
        }
    }

    /// Answers a call; gives the bytes of the message and of all replies to it.
    private func take(_ message: Frame, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Int {
        // Until it is answered it counts for what it holds.
        defer { withExtendedLifetime(message) {} }
        let call = try await parse(message)
        guard call.mode != .upgrade else { throw Unsupported(mode: "upgrade") }
        isStreaming.store(Handlers.endless.contains(call.method), ordering: .relaxed)
        defer { isStreaming.store(false, ordering: .relaxed) }
        let replies = Replies(mode: call.mode, outbound: outbound)
        try await answer(call, to: replies)
        return message.bytes.readableBytes + replies.written
    }

    /// Closes the connection, and says why to a client that asks.
    func refuse(_ error: SqzError) async {
        do {
            try await channel.executeThenClose { _, outbound in
                try await Replies(mode: .one, outbound: outbound).fail(try Self.wire(error))
            }
        } catch {
            log.debug("connection lost before it was refused: \(error)")
        }
    }

    /// An error that is no method's: the name is that of the daemon's own interface.
    private static func wire(_ error: SqzError) throws -> VarlinkError {
        try error.wire(interface: ManagerInterface.name)
    }

    /// A large message takes up to a third of a second: a thread of its own for all of them keeps those of the small ones
    /// free.
    private func parse(_ message: Frame) async throws -> Call {
        guard message.bytes.readableBytes > Self.large else { return try message.call() }
        return try await Self.parser.runIfActive { try message.call() }
    }

    private static let large = 64 << 10
    private static let parser: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    private struct Unsupported: Error, CustomStringConvertible {
        let mode: String
        var description: String { "\(mode) is not supported" }
    }

    private func answer(_ call: Call, to replies: Replies) async throws {
        do {
            try await handlers.dispatch(call, from: peer, to: replies)
        } catch let error as ChannelError {
            throw error
        } catch let error as IOError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try await replies.fail(try ErrorMapping.wire(error, method: call.method))
        }
    }
}

/// Where a handler's replies to one call go. A oneway call gets none.
final class Replies: Sendable {
    let mode: ReplyMode
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let bytes = Atomic(0)

    init(mode: ReplyMode, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.mode = mode
        self.outbound = outbound
    }

    /// Bytes so far.
    var written: Int { bytes.load(ordering: .relaxed) }

    /// One reply, the last one unless the call has `more` and others follow.
    func send(_ parameters: some Encodable, continues: Bool = false) async throws {
        try await write { try Reply.message(parameters, continues: continues) }
    }

    func fail(_ error: VarlinkError) async throws { try await write { try Reply.message(error) } }

    private func write(_ message: () throws -> [UInt8]) async throws {
        guard mode != .oneway else { return }
        let message = try message()
        bytes.add(message.count, ordering: .relaxed)
        try await outbound.write(ByteBuffer(bytes: message))
    }
}
