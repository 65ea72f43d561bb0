internal import NIOCore
internal import SqzProtocol
internal import Synchronization

/// A connection on which a call with `upgrade` was answered, or is about to be: from then on what comes are bytes. They come as
/// fast as they are asked for; until then the kernel holds them, and their sender waits.
struct UpgradedConnection {
    private var pieces: NIOAsyncChannelInboundStream<Frame>.AsyncIterator
    private let channel: any Channel
    private let mode: ConnectionMode

    init(_ pieces: NIOAsyncChannelInboundStream<Frame>.AsyncIterator, on channel: any Channel, _ mode: ConnectionMode) {
        (self.pieces, self.channel, self.mode) = (pieces, channel, mode)
    }

    /// To be called before the reply that allows the client to send.
    func begin() async throws {
        try await channel.setOption(.maxMessagesPerRead, value: 1).get()
        try await channel.setOption(
            .recvAllocator,
            value: AdaptiveRecvByteBufferAllocator(
                minimum: 1 << 10, initial: Limits.uploadPieceBytes, maximum: Limits.uploadPieceBytes)
        ).get()
        mode.becomeRaw()
    }

    /// What has come; nil where the client sends no more.
    mutating func next() async throws -> Frame? {
        guard let piece = try await pieces.next() else { return nil }
        guard piece.isRaw else { throw FrameDecoder.Early() }
        return piece
    }
}

/// What comes on a connection: messages, or bytes; and whether its task has messages to answer.
final class ConnectionMode: Sendable {
    private let raw = Atomic(false)
    /// Its beginning counts as one: a connection may yet be refused.
    private let unanswered = Atomic(1)

    var isAnswering: Bool { unanswered.load(ordering: .sequentiallyConsistent) > 0 }

    /// The task gets a message.
    func beginAnswer() { unanswered.add(1, ordering: .sequentiallyConsistent) }

    /// It has answered one, or begins.
    func endAnswer() { unanswered.subtract(1, ordering: .sequentiallyConsistent) }

    var isRaw: Bool { raw.load(ordering: .sequentiallyConsistent) }

    func becomeRaw() { raw.store(true, ordering: .sequentiallyConsistent) }
}
