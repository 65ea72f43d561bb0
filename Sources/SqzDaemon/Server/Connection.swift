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
    private let mode: ConnectionMode
    private let handlers: Handlers
    private let memory: MemoryReturn
    private let log: Logger
    /// The call at hand, if there is one.
    private let current = Mutex<(call: Call, replies: Replies)?>(nil)

    init(
        _ channel: NIOAsyncChannel<Frame, ByteBuffer>, _ mode: ConnectionMode, peer: Peer, handlers: Handlers,
        memory: MemoryReturn, log: Logger
    ) {
        self.channel = channel
        self.mode = mode
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
        let method = current.withLock { $0?.call.method }
        let patience = method.map(Handlers.endless.contains) == true ? TimeAmount.zero : Self.patience
        channel.channel.eventLoop.scheduleTask(in: patience) { self.giveUp() }
    }

    /// Closes the connection. Who still waits for an answer, because a runner hangs for instance, is told why there is none.
    private func giveUp() {
        if let (call, replies) = current.withLock({ $0 }), call.mode != .upgrade,
            !Handlers.endless.contains(call.method)
        {
            do {
                let error = try ErrorMapping.wire(SqzError.stopping, method: call.method)
                if let message = try replies.last({ try Reply.message(error) }) {
                    channel.channel.writeAndFlush(ByteBuffer(bytes: message), promise: nil)
                }
            } catch {
                log.error("a client was not told that the daemon is stopping: \(error)")
            }
        }
        do {
            try channel.channel.pipeline.syncOperations.handler(type: SinglePictures.self).giveUp()
        } catch {
            log.debug("connection lost before the daemon stopped: \(error)")
        }
        channel.channel.close(promise: nil)
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
                var messages = inbound.makeAsyncIterator()
                mode.endAnswer()
                do {
                    while let message = try await messages.next() {
                        let bytes = try await take(message, messages, outbound)
                        // After bytes there are no more messages.
                        guard !mode.isRaw else { return }
                        mode.endAnswer()
                        memory.freed(bytes)
                        // Where the next call has come and there is room for its reply, nothing else would let others go on.
                        await Task.yield()
                    }
                } catch let error as SqzError {
                    // A message for which there is no room. Nobody knows yet what it would call; it is told all the same.
                    try await Replies(mode: .one, outbound: outbound).fail(try Self.wire(error))
                    throw error
                } catch let error as FrameDecoder.TooLong {
                    let told = SqzError.tooLarge(what: "the message", limit: FramedFile.maximumMessage)
                    try await Replies(mode: .one, outbound: outbound).fail(try Self.wire(told))
                    throw error
                }
            }
            return .closed
        } catch is FrameDecoder.TooLong {
            return .broken("a message of more than \(FramedFile.maximumMessage) bytes")
        } catch is FrameDecoder.Early {
            return .broken("bytes that came before the reply to an upgrade")
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

    /// Answers a call; gives the bytes of all replies to it.
    private func take(
        _ message: Frame, _ others: NIOAsyncChannelInboundStream<Frame>.AsyncIterator,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> Int {
        // Until it is answered it counts for what it holds.
        defer { withExtendedLifetime(message) {} }
        let call = try await parse(message)
        guard call.mode != .upgrade || call.method == DatasetsInterface.Upload.name else {
            throw Unsupported(mode: "upgrade")
        }
        let replies = Replies(mode: call.mode, outbound: outbound)
        current.withLock { $0 = (call, replies) }
        defer { current.withLock { $0 = nil } }
        try await answer(call, to: replies) {
            guard call.mode == .upgrade else { return try await handlers.dispatch(call, from: peer, to: replies) }
            var bytes = UpgradedConnection(others, on: channel.channel, mode)
            try await handlers.upload(call, from: peer, to: replies, &bytes)
        }
        return replies.written
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

    private func answer(_ call: Call, to replies: Replies, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ChannelError {
            throw error
        } catch let error as IOError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as FrameDecoder.Early {
            throw error
        } catch {
            let error = try ErrorMapping.wire(error, method: call.method)
            handlers.counters.errors.withLock { $0[error.name, default: 0] += 1 }
            try await replies.fail(error)
        }
    }
}

/// Where a handler's replies to one call go. A oneway call gets none.
final class Replies: Sendable {
    let mode: ReplyMode
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let bytes = Atomic(0)
    /// There was the last reply.
    private let isOver = Atomic(false)

    init(mode: ReplyMode, outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.mode = mode
        self.outbound = outbound
    }

    /// Bytes so far.
    var written: Int { bytes.load(ordering: .relaxed) }

    /// One reply, the last one unless the call has `more` and others follow.
    func send(_ parameters: some Encodable, continues: Bool = false) async throws {
        try await write(continues) { try Reply.message(parameters, continues: continues) }
    }

    /// One reply, whose parameters are written already.
    func send(text parameters: some Collection<UInt8> & Sendable, continues: Bool = false) async throws {
        try await write(continues) { Reply.message(text: parameters, continues: continues) }
    }

    func fail(_ error: VarlinkError) async throws { try await write(false) { try Reply.message(error) } }

    /// The bytes of a reply that is to be the last one; nil where there was one, or is to be none.
    func last(_ message: () throws -> [UInt8]) rethrows -> [UInt8]? {
        guard mode != .oneway, !isOver.exchange(true, ordering: .relaxed) else { return nil }
        return try message()
    }

    private func write(_ continues: Bool, _ message: () throws -> [UInt8]) async throws {
        guard mode != .oneway else { return }
        let message = try message()
        // Who was told that the daemon stops gets nothing after it. An upgraded call has two replies.
        let wasOver =
            continues || mode == .upgrade ? isOver.load(ordering: .relaxed) : isOver.exchange(true, ordering: .relaxed)
        guard !wasOver else { throw CancellationError() }
        bytes.add(message.count, ordering: .relaxed)
        try await outbound.write(ByteBuffer(bytes: message))
    }
}
