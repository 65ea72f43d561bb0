internal import NIOCore
internal import Varlink

/// Cuts a stream into messages at their NUL bytes. A message over the limit is an error, and nothing more of it is kept.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    struct TooLong: Error {}

    /// How much of the buffer is known to hold no NUL.
    private var searched = 0

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(searched).firstIndex(of: 0) else {
            searched = view.count
            guard searched <= FramedFile.maximumMessage else { throw TooLong() }
            return .needMoreData
        }
        let length = end - view.startIndex
        searched = 0
        guard length <= FramedFile.maximumMessage, let message = buffer.readSlice(length: length) else {
            throw TooLong()
        }
        buffer.moveReaderIndex(forwardBy: 1)
        context.fireChannelRead(wrapInboundOut(message))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        // What follows the last NUL is half a message, which nobody can answer.
        try decode(context: context, buffer: &buffer)
    }
}

extension ByteBuffer {
    /// What a peer sent, as a call.
    func call() throws(MalformedMessage) -> Call {
        try readableBytesView.withUnsafeBytes { bytes in
            Result { () throws(MalformedMessage) in try Call(parsing: bytes) }
        }.get()
    }

    /// What a runner sent, as a reply.
    func reply() throws(MalformedMessage) -> Reply {
        try readableBytesView.withUnsafeBytes { bytes in
            Result { () throws(MalformedMessage) in try Reply(parsing: bytes) }
        }.get()
    }
}
