internal import Glibc
internal import NIOCore

/// Lets go of what a client left behind. When the other end is closed, NIO reads all that is in the socket, whether or not it was
/// asked to: as much as the kernel holds, of all connections that end in the same moment. Nobody is left who could be answered. Of a
/// client that has closed its own direction alone, everything is passed on.
final class LateBytes: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never

    private var isAsked = false

    func read(context: ChannelHandlerContext) {
        isAsked = true
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard isAsked || !hasLeft(context.channel) else { return }
        context.fireChannelRead(data)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isAsked = false
        context.fireChannelReadComplete()
    }

    /// Whether both directions are closed (poll(2), POLLHUP).
    private func hasLeft(_ channel: any Channel) -> Bool {
        do {
            return try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
                var socket = pollfd(fd: $0, events: 0, revents: 0)
                return poll(&socket, 1, 0) == 1 && socket.revents & Int16(POLLHUP) != 0
            } ?? false
        } catch {
            // It was closed.
            return true
        }
    }
}
