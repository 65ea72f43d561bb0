internal import CSqueezeKernels
internal import Synchronization

/// Adds up the gradients of a batch's shards in a fixed tree, ((0+1)+(2+3))+((4+5)+(6+7)), each two as soon as both are there.
/// One of the two buffers then serves the next shard, so that few shards' gradients exist at a time.
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

    /// - Parameters:
    ///   - buffers: memory for `shards` gradients.
    ///   - count: values of a gradient.
    init(buffers: UnsafeMutablePointer<Float>, count: Int, kernels: UnsafePointer<sqz_kernels>) {
        self.buffers = buffers
        self.count = count
        self.kernels = kernels
    }

    /// Lets `body` fill in a shard's gradient, and adds it to its neighbour's if that is there, their sum to its neighbour's, and so
    /// on. Shards may come from several threads, in any order.
    func add<Result>(shard: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
        var buffer = state.withLock { $0.free.removeLast() }
        let result = body(gradient(buffer))
        var node = Self.shards + shard
        while let neighbour = meet(node, buffer) {
            let (left, right) = node % 2 == 0 ? (buffer, neighbour) : (neighbour, buffer)
            kernels.pointee.add(count, gradient(left), gradient(right), gradient(left))
            state.withLock { $0.free.append(right) }
            (node, buffer) = (node / 2, left)
        }
        return result
    }

    /// The sum of all shards, which is there until the next is taken.
    func takeTotal() -> UnsafeMutablePointer<Float> {
        let total = state.withLock { state in
            let total = state.waiting[1]!
            state.waiting[1] = nil
            state.free.append(total)
            return total
        }
        return gradient(total)
    }

    /// The buffer of the node's neighbour, if that came first. Else, and at the root, the node waits.
    private func meet(_ node: Int, _ buffer: Int) -> Int? {
        state.withLock { state in
            if node > 1, let neighbour = state.waiting[node ^ 1] {
                state.waiting[node ^ 1] = nil
                return neighbour
            }
            state.waiting[node] = buffer
            return nil
        }
    }

    private func gradient(_ buffer: Int) -> UnsafeMutablePointer<Float> { buffers + buffer * count }
}
