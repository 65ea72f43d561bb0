internal import CProcess
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Gives memory back to the kernel after calls of megabytes: malloc keeps what was freed between pieces that are still used, tens
/// of MB after a thousand pictures.
final class MemoryReturn: Sendable {
    /// Heavy calls that were answered since memory was given back last; nil while nothing is due.
    private let answered = Mutex<Int?>(nil)

    /// More bytes than a chunk of an upload has, of which thousands come in a row.
    private static let heavy = 3 << 19
    /// Others that worked on the call have let go of it by then.
    private static let delay = TimeAmount.seconds(1)

    /// A call of so many bytes, its replies included, was answered.
    func answered(_ bytes: Int, on loop: any EventLoop) {
        guard bytes > Self.heavy else { return }
        let isDue = answered.withLock { answered in
            defer { answered = (answered ?? 0) + 1 }
            return answered != nil
        }
        if !isDue { giveBackLater(loop) }
    }

    private func giveBackLater(_ loop: any EventLoop) {
        loop.scheduleTask(in: Self.delay) { [self] in
            NIOThreadPool.singleton.submit { _ in sqz_give_memory_back() }
            // What came after the first one has its own second.
            let isDueAgain = answered.withLock { answered in
                answered = answered == 1 ? nil : 1
                return answered != nil
            }
            if isDueAgain { giveBackLater(loop) }
        }
    }
}
