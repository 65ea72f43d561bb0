internal import Glibc
internal import NIOCore
internal import Varlink

/// A message without its NUL; or bytes that are no message.
struct Frame: Sendable {
    let bytes: ByteBuffer
    let isRaw: Bool
    /// What it holds of the budget, for as long as somebody has it.
    fileprivate let share: MessageBudget.Share?
    /// Where it was parsed already.
    fileprivate var parsed: Call?

    func parsed(as call: Call) -> Frame {
        var frame = self
        frame.parsed = call
        return frame
    }
}

/// Cuts a stream into messages at their NUL bytes. A message over the limit, or for which there is no room, is an error, and
/// nothing more of it is kept.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = Frame

    struct TooLong: Error {}
    /// Bytes that came before the reply which allows to send them.
    struct Early: Error {}

    /// Begins a share of the budget; nil where there is no budget to keep to.
    private let makeShare: (@Sendable () -> MessageBudget.Share)?
    /// How much of the buffer is known to hold no NUL.
    private var searched = 0
    private var share: MessageBudget.Share?
    private let mode: ConnectionMode

    /// Of what a peer sends, which draws on a budget.
    init(_ budget: MessageBudget, of peer: Peer, _ mode: ConnectionMode) {
        makeShare = { budget.share(of: peer) }
        self.mode = mode
    }

    /// Of what a runner sends: there are few of them.
    init() {
        makeShare = nil
        mode = ConnectionMode()
    }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        if mode.isRaw { return try pass(buffer: &buffer, on: context) }
        guard let length = Self.length(buffer, from: searched) else {
            searched = buffer.readableBytes
            guard searched <= FramedFile.maximumMessage else { throw TooLong() }
            try hold(searched)
            return .needMoreData
        }
        searched = 0
        guard length <= FramedFile.maximumMessage else { throw TooLong() }
        try hold(length)
        guard let bytes = buffer.readSlice(length: length) else { throw TooLong() }
        buffer.moveReaderIndex(forwardBy: 1)
        let frame = Frame(bytes: bytes, isRaw: false, share: share)
        share = nil
        context.fireChannelRead(wrapInboundOut(frame))
        return .continue
    }

    /// Of the message that comes first; nil where its end is not there.
    private static func length(_ buffer: ByteBuffer, from start: Int) -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            guard start < bytes.count, let first = bytes.baseAddress else { return nil }
            return memchr(first + start, 0, bytes.count - start).map { first.distance(to: $0) }
        }
    }

    private func pass(buffer: inout ByteBuffer, on context: ChannelHandlerContext) throws -> DecodingState {
        guard searched == 0 else { throw Early() }
        if let bytes = buffer.readSlice(length: buffer.readableBytes), bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(Frame(bytes: bytes, isRaw: true, share: nil)))
        }
        return .needMoreData
    }

    private mutating func hold(_ bytes: Int) throws {
        guard bytes > MessageBudget.free, let makeShare else { return }
        let share = share ?? makeShare()
        self.share = share
        try share.grow(to: bytes)
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        // What follows the last NUL is half a message, which nobody can answer.
        try decode(context: context, buffer: &buffer)
    }
}

extension Frame {
    func withUnsafeBytes(_ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try bytes.withUnsafeReadableBytes(body)
    }

    /// What a peer sent, as a call.
    func call() throws(MalformedMessage) -> Call {
        if let parsed { return parsed }
        return try bytes.readableBytesView.withUnsafeBytes { bytes in
            Result { () throws(MalformedMessage) in try Call(parsing: bytes) }
        }.get()
    }

    /// What a runner sent, as a reply.
    func reply() throws(MalformedMessage) -> Reply {
        try bytes.readableBytesView.withUnsafeBytes { bytes in
            Result { () throws(MalformedMessage) in try Reply(parsing: bytes) }
        }.get()
    }
}
