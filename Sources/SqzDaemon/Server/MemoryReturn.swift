internal import CProcess
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Gives memory back to the kernel after messages of megabytes, be it one or many smaller ones: malloc keeps what was freed between
/// pieces that are still used, tens of MB after a thousand pictures.
final class MemoryReturn: Sendable {
    private struct State {
        /// What messages had that came since memory was given back last.
        var bytes = 0
        var isDue = false
    }

    private let state = Mutex(State())

    /// More than a chunk of an upload has, of which thousands come in a row.
    private static let heavy = 3 << 19
    /// Others that worked on a call have let go of it by then.
    private static let delay = TimeAmount.seconds(1)

    /// A message of so many bytes, or the replies to it, is gone.
    func freed(_ bytes: Int) {
        let begins = state.withLock { state in
            state.bytes += bytes
            guard state.bytes > Self.heavy, !state.isDue else { return false }
            state.isDue = true
            return true
        }
        if begins { giveBackLater() }
    }

    private func giveBackLater() {
        MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: Self.delay) { [self] in
            NIOThreadPool.singleton.submit { _ in sqz_give_memory_back() }
            // What came meanwhile has its own second.
            let goesOn = state.withLock { state in
                state.isDue = state.bytes > Self.heavy
                state.bytes = 0
                return state.isDue
            }
            if goesOn { giveBackLater() }
        }
    }
}
