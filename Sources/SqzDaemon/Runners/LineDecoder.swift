internal import NIOCore
internal import SqzProtocol

/// Cuts standard error into lines; a longer one is cut at the limit.
struct LineDecoder: ByteToMessageDecoder {
    typealias InboundOut = String

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
        let length = end.map { $0 - buffer.readerIndex } ?? buffer.readableBytes
        guard end != nil || length >= Limits.logLine else { return .needMoreData }
        let line = Self.text(buffer.readSlice(length: min(length, Limits.logLine))!)
        if length <= Limits.logLine, end != nil { buffer.moveReaderIndex(forwardBy: 1) }
        context.fireChannelRead(wrapInboundOut(line))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        if try decode(context: context, buffer: &buffer) == .continue { return .continue }
        if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(Self.text(buffer))) }
        buffer.clear()
        return .needMoreData
    }

    private static func text(_ bytes: ByteBuffer) -> String {
        let text = String(buffer: bytes)
        // A message can't hold a NUL.
        return bytes.readableBytesView.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
    }
}
