internal import CProcess
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Gives memory back to the kernel after calls of megabytes: malloc keeps what was freed between pieces that are still used, tens
/// of MB after a thousand pictures.
final class MemoryReturn: Sendable {
    private let isDue = Atomic(false)

    /// More bytes than a chunk of an upload has, of which thousands come in a row.
    private static let heavy = 3 << 19
    /// Others that worked on the call have let go of it by then; of a row of such calls, the last ones count.
    private static let delay = TimeAmount.seconds(1)

    /// A call of so many bytes, its replies included, was answered.
    func answered(_ bytes: Int, on loop: any EventLoop) {
        guard bytes > Self.heavy, !isDue.exchange(true, ordering: .relaxed) else { return }
        loop.scheduleTask(in: Self.delay) { [self] in
            isDue.store(false, ordering: .relaxed)
            NIOThreadPool.singleton.submit { _ in sqz_give_memory_back() }
        }
    }
}
