internal import CSqueezeKernels
internal import Synchronization

/// Adds up the gradients of a batch's shards in a fixed tree, ((0+1)+(2+3))+((4+5)+(6+7)), each two as soon as both are there.
/// One of the two buffers then serves the next shard, so that few shards' gradients exist at a time. Of several ranks each has a node of
/// the tree with all that is below; those above it are added on every rank, of what two and two of them swap.
final class GradientSums {
    /// Into how many parts a batch is cut; as many threads have work.
    static let shards = 8

    private struct State {
        /// Buffers that nobody uses. The last one given back is taken first: those never taken cost no memory.
        var free = Array((0..<shards).reversed())
        /// The buffer of each node of the tree that is summed up, and whose neighbour is not. Node 1 is the root; below node n are
        /// 2n and 2n + 1; the shards come last.
        var waiting = [Int?](repeating: nil, count: 2 * shards)
    }

    private let state = Mutex(State())
    private let buffers: UnsafeMutablePointer<Float>
    private let count: Int
    private let kernels: UnsafePointer<sqz_kernels>
    private let ranks: Collective
    /// The node below which this rank's shards are; 1 where there is one rank.
    private let own: Int

    /// - Parameters:
    ///   - buffers: memory for `shards` gradients.
    ///   - count: values of a gradient.
    init(
        buffers: UnsafeMutablePointer<Float>, count: Int, kernels: UnsafePointer<sqz_kernels>, ranks: Collective
    ) {
        self.buffers = buffers
        self.count = count
        self.kernels = kernels
        self.ranks = ranks
        own = ranks.count + ranks.rank
    }

    /// Lets `body` fill in a shard's gradient, and adds it to its neighbour's if that is there, their sum to its neighbour's, and so
    /// on. Shards may come from several threads, in any order.
    func add<Result>(shard: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
        var buffer = state.withLock { $0.free.removeLast() }
        let result = body(gradient(buffer))
        var node = Self.shards + shard
        while let neighbour = meet(node, buffer) {
            buffer = join(node, buffer, neighbour)
            node /= 2
        }
        return result
    }

    /// Makes a node's and its neighbour's sum that of the node above; gives the buffer that it is in.
    private func join(_ node: Int, _ buffer: Int, _ neighbour: Int) -> Int {
        let (left, right) = node % 2 == 0 ? (buffer, neighbour) : (neighbour, buffer)
        kernels.pointee.add(count, gradient(left), gradient(right), gradient(left))
        state.withLock { $0.free.append(right) }
        return left
    }

    /// The sum of all shards, those of other ranks too, which is there until the next is taken.
    /// - Parameter pool: adds.
    func takeTotal(_ pool: ComputePool) -> UnsafeMutablePointer<Float> {
        var total = state.withLock { state in
            defer { state.waiting[own] = nil }
            return state.waiting[own]!
        }
        // Which ranks have a node is what the bits of their numbers say: 0 and 1 swap, then both with 2 and 3, and so on.
        var (node, distance) = (own, 1)
        while node > 1 {
            let other = state.withLock { $0.free.removeLast() }
            ranks.swap(with: ranks.rank ^ distance, UnsafeRawBufferPointer(bytes(total)), bytes(other))
            let sum = total
            pool.run(1) { _, _ in total = join(node, sum, other) }
            (node, distance) = (node / 2, distance * 2)
        }
        state.withLock { $0.free.append(total) }
        return gradient(total)
    }

    /// The buffer of the node's neighbour, if that came first. Else, and at this rank's own, the node waits.
    private func meet(_ node: Int, _ buffer: Int) -> Int? {
        state.withLock { state in
            if node != own, let neighbour = state.waiting[node ^ 1] {
                state.waiting[node ^ 1] = nil
                return neighbour
            }
            state.waiting[node] = buffer
            return nil
        }
    }

    private func gradient(_ buffer: Int) -> UnsafeMutablePointer<Float> { buffers + buffer * count }

    private func bytes(_ buffer: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(start: gradient(buffer), count: count))
    }
}
