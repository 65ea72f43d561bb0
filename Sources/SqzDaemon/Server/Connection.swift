internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle
internal import Varlink

/// One client's connection: takes its calls one after the other, so that replies are in order.
struct Connection: Sendable {
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    let peer: Peer
    let handlers: Handlers
    let log: Logger

    /// Serves until the client closes, sends what is no Varlink, or the daemon closes everything.
    func serve() async {
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask { await serveCalls() }
            // A client that goes away is noticed also while a stream has nothing to send.
            group.addTask {
                do {
                    try await withGracefulShutdownHandler {
                        try await channel.channel.closeFuture.get()
                    } onGracefulShutdown: {
                        drain()
                    }
                } catch {
                    return .broken("\(error)")
                }
                return .closed
            }
            let first = await group.next()
            group.cancelAll()
            return first ?? .closed
        }
        if case .broken(let reason) = outcome {
            log.notice("connection closed: \(reason)", metadata: ["SQZ_UID": "\(peer.uid)"])
        }
    }

    /// The daemon stops: what has come is answered, if that does not take too long, and nothing more is read.
    private func drain() {
        let channel = channel.channel
        channel.close(mode: .input, promise: nil)
        channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    private static let patience = TimeAmount.seconds(5)

    private enum Outcome {
        case closed
        case broken(String)
    }

    private func serveCalls() async -> Outcome {
        do {
            try await channel.executeThenClose { inbound, outbound in
                for try await message in inbound {
                    let call = try await parse(message)
                    guard call.mode != .upgrade else { throw Unsupported(mode: "upgrade") }
                    try await answer(call, to: outbound)
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

    /// A large message takes up to a third of a second: a thread of its own for all of them keeps those of the small ones
    /// free.
    private func parse(_ message: ByteBuffer) async throws -> Call {
        guard message.readableBytes > Self.large else { return try message.call() }
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

    private func answer(_ call: Call, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws {
        let replies = Replies(mode: call.mode, outbound: outbound)
        do {
            if Handlers.endless.contains(call.method) {
                try await cancelWhenGracefulShutdown { try await handlers.dispatch(call, from: peer, to: replies) }
            } else {
                try await handlers.dispatch(call, from: peer, to: replies)
            }
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

/// Where a handler's replies go. A oneway call gets none.
struct Replies: Sendable {
    let mode: ReplyMode
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// One reply, the last one unless the call has `more` and others follow.
    func send(_ parameters: some Encodable, continues: Bool = false) async throws {
        guard mode != .oneway else { return }
        try await outbound.write(ByteBuffer(bytes: try Reply.message(parameters, continues: continues)))
    }

    func fail(_ error: VarlinkError) async throws {
        guard mode != .oneway else { return }
        try await outbound.write(ByteBuffer(bytes: try Reply.message(error)))
    }
}
