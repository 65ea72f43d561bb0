/// The processes that compute a job together, seen from one of them. All of them call the same methods in the same order, from one
/// thread each. What they send is never added up on the way: who adds, and in which order, is said where it is done.
public final class Collective {
    /// Sends bytes to another rank while it takes those that this one sends; either may be none, which needs no message.
    public typealias Exchange = (
        _ partner: Int, _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer
    ) -> Void

    /// Of how many a training can be: each has a whole part of a batch's shards.
    public static let allowedCounts = [1, 2, 4, 8]

    /// From 0.
    public let rank: Int
    public let count: Int
    private let exchange: Exchange
    /// What this rank has sent.
    public private(set) var messages = 0
    public private(set) var bytes = 0

    /// - Precondition: `count` is one of `allowedCounts`.
    public init(rank: Int, count: Int, exchange: @escaping Exchange) {
        precondition(Self.allowedCounts.contains(count) && (0..<count).contains(rank))
        self.rank = rank
        self.count = count
        self.exchange = exchange
    }

    /// A process by itself.
    public static var alone: Collective {
        Collective(rank: 0, count: 1) { _, _, _ in preconditionFailure("there is nobody to send to") }
    }

    /// Which of so many things in a row are this rank's: about as many as anybody's.
    public func share(of total: Int) -> Range<Int> { first(of: total, rank)..<first(of: total, rank + 1) }

    private func first(of total: Int, _ rank: Int) -> Int { rank * total / count }

    /// Swaps bytes with another rank.
    func swap(
        with partner: Int, _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer
    ) {
        if !outgoing.isEmpty {
            messages += 1
            bytes += outgoing.count
        }
        exchange(partner, outgoing, incoming)
    }

    /// Completes what is said of so many things in a row, of which each rank has its share. By recursive doubling: after each round a
    /// rank has twice as much.
    /// - Parameter offset: where in the buffer a thing begins, and for `total` the end.
    public func gather(_ buffer: UnsafeMutableRawBufferPointer, of total: Int, offset: (Int) -> Int) {
        var held = 1
        while held < count {
            func part(_ rank: Int) -> UnsafeMutableRawBufferPointer {
                let start = rank / held * held
                return UnsafeMutableRawBufferPointer(
                    rebasing: buffer[offset(first(of: total, start))..<offset(first(of: total, start + held))])
            }
            swap(with: rank ^ held, UnsafeRawBufferPointer(part(rank)), part(rank ^ held))
            held *= 2
        }
    }

    /// What each rank has said, in their order.
    public func gather<Element: BitwiseCopyable>(_ own: Element) -> [Element] {
        var all = [Element](repeating: own, count: count)
        all.withUnsafeMutableBytes { bytes in gather(bytes, of: count) { $0 * MemoryLayout<Element>.stride } }
        return all
    }

    /// Gives bytes of rank 0 to all.
    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer) {
        let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        var reached = 1
        while reached < count {
            switch rank {
            case ..<reached: swap(with: rank + reached, UnsafeRawBufferPointer(buffer), none)
            case ..<(2 * reached): swap(with: rank - reached, UnsafeRawBufferPointer(none), buffer)
            default: break
            }
            reached *= 2
        }
    }

    /// Gives a value of rank 0 to all.
    public func broadcast<Value: BitwiseCopyable>(_ value: Value) -> Value {
        var value = value
        withUnsafeMutableBytes(of: &value) { broadcast($0) }
        return value
    }
}
