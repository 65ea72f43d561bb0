internal import SqzProtocol
internal import Synchronization

/// Bounds what messages hold in memory, from their first bytes until they are answered, for each user and in all.
final class MessageBudget: Sendable {
    private struct Use {
        var total = 0
        var byUser: [Peer: Int] = [:]
    }

    private let use = Mutex(Use())
    /// Hears of messages that nobody has any more, whatever became of them.
    private let memory: MemoryReturn

    init(_ memory: MemoryReturn) { self.memory = memory }

    /// What every connection's buffer may hold; only what goes beyond it draws on the budget.
    static let free = 16 << 10

    /// What one message holds; given back when nobody has the message any more.
    final class Share: Sendable {
        private let budget: MessageBudget
        private let peer: Peer
        private let held = Atomic(0)

        fileprivate init(_ budget: MessageBudget, _ peer: Peer) {
            self.budget = budget
            self.peer = peer
        }

        deinit {
            let bytes = held.load(ordering: .relaxed)
            budget.giveBack(bytes, of: peer)
            budget.memory.freed(bytes)
        }

        /// Draws what the message has grown by. Throws `SqzError.tooLarge` where there is not so much.
        func grow(to bytes: Int) throws {
            let more = bytes - held.load(ordering: .relaxed)
            guard more > 0 else { return }
            try budget.draw(more, for: peer)
            held.add(more, ordering: .relaxed)
        }
    }

    /// A message of `peer` begins to hold more than is free.
    func share(of peer: Peer) -> Share { Share(self, peer) }

    private func draw(_ bytes: Int, for peer: Peer) throws {
        try use.withLock { use in
            let mine = use.byUser[peer, default: 0]
            guard mine + bytes <= Limits.messageBytesPerUser else {
                throw SqzError.tooLarge(
                    what: "bytes in your messages that are not answered yet", limit: Limits.messageBytesPerUser,
                    current: mine)
            }
            guard use.total + bytes <= Limits.messageBytes else {
                throw SqzError.tooLarge(
                    what: "bytes in all users' messages that are not answered yet", limit: Limits.messageBytes,
                    current: use.total)
            }
            use.total += bytes
            use.byUser[peer] = mine + bytes
        }
    }

    private func giveBack(_ bytes: Int, of peer: Peer) {
        guard bytes > 0 else { return }
        use.withLock { use in
            use.total -= bytes
            use.byUser[peer, default: 0] -= bytes
            if use.byUser[peer] == 0 { use.byUser[peer] = nil }
        }
    }
}
