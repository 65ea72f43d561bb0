internal import CProcess
internal import Dispatch
internal import Glibc
internal import Logging

/// Connections of a listening socket, as they are accepted, each with who is at its other end.
struct IncomingConnections: Sendable {
    struct Accepted: Sendable {
        /// Does not block, and belongs to whom it is given.
        let descriptor: CInt
        let peer: Peer
        /// Of its user's thread; to be left.
        let place: Int
    }

    /// Ends after `stop` with the last that was accepted: none gets lost. Those that were not wait for the next daemon, where
    /// systemd keeps the socket.
    let accepted: AsyncStream<Accepted>
    /// Its methods may be called in any thread (dispatch(3)), which its type does not tell.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Listens. What has no place is closed as soon as it is accepted, so that it never takes a descriptor that others need.
    /// Throws `DaemonError`.
    init(socket: CInt, places: UserPlaces, log: Logger) throws {
        guard listen(socket, 4_096) == 0 else { throw DaemonError.last("listen", "the socket") }
        guard fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else { throw DaemonError.last("fcntl", "the socket") }
        let (accepted, continuation) = AsyncStream.makeStream(of: Accepted.self)
        let queue = DispatchQueue(label: "sqzd.accept")
        // As the property: `resume` may be called in any thread.
        nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
        source.setEventHandler {
            guard let error = Self.acceptAll(from: socket, places, continuation) else { return }
            // The system has no more files or memory: to try on at once would take a processor, and change nothing.
            log.warning("no connection can be accepted for a second: \(error)")
            source.suspend()
            queue.asyncAfter(deadline: .now() + 1) { source.resume() }
        }
        source.setCancelHandler {
            close(socket)
            continuation.finish()
        }
        source.activate()
        (self.accepted, self.source) = (accepted, source)
    }

    /// Accepts no more, and closes the socket.
    func stop() { source.cancel() }

    /// Accepts until nobody waits. What keeps it from that is returned.
    private static func acceptAll(
        from socket: CInt, _ places: UserPlaces, _ continuation: AsyncStream<Accepted>.Continuation
    ) -> DaemonError? {
        while true {
            let descriptor = sqz_accept(socket)
            guard descriptor >= 0 else {
                switch errno {
                case EAGAIN: return nil
                // Who waited went away.
                case ECONNABORTED, EINTR: continue
                default: return .last("accept4", "the socket")
                }
            }
            do throws(DaemonError) {
                let peer = try Peer(at: descriptor)
                if let place = places.enter(peer) {
                    continuation.yield(Accepted(descriptor: descriptor, peer: peer, place: place))
                } else {
                    close(descriptor)
                }
            } catch {
                close(descriptor)
                return error
            }
        }
    }
}
