internal import NIOCore
internal import Varlink

/// A message without its NUL.
struct Frame: Sendable {
    let bytes: ByteBuffer
    /// What it holds of the budget, for as long as somebody has it.
    fileprivate let share: MessageBudget.Share?
}

/// Cuts a stream into messages at their NUL bytes. A message over the limit, or for which there is no room, is an error, and
/// nothing more of it is kept.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = Frame

    struct TooLong: Error {}

    /// Begins a share of the budget; nil where there is no budget to keep to.
    private let makeShare: (@Sendable () -> MessageBudget.Share)?
    /// How much of the buffer is known to hold no NUL.
    private var searched = 0
    private var share: MessageBudget.Share?

    /// Of what a peer sends, which draws on a budget.
    init(_ budget: MessageBudget, of peer: Peer) { makeShare = { budget.share(of: peer) } }

    /// Of what a runner sends: there are few of them.
    init() { makeShare = nil }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(searched).firstIndex(of: 0) else {
            searched = view.count
            guard searched <= FramedFile.maximumMessage else { throw TooLong() }
            try hold(searched)
            return .needMoreData
        }
        let length = end - view.startIndex
        searched = 0
        guard length <= FramedFile.maximumMessage else { throw TooLong() }
        try hold(length)
        guard let bytes = buffer.readSlice(length: length) else { throw TooLong() }
        buffer.moveReaderIndex(forwardBy: 1)
        let frame = Frame(bytes: bytes, share: share)
        share = nil
        context.fireChannelRead(wrapInboundOut(frame))
        return .continue
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
    /// What a peer sent, as a call.
    func call() throws(MalformedMessage) -> Call {
        try bytes.readableBytesView.withUnsafeBytes { bytes in
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
