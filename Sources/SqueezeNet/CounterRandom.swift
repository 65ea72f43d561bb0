internal import CSqueezeKernels

/// Random numbers that depend on (seed, purpose, epoch, index) and their position only: Philox4x32-10 (Salmon et al., SC 2011),
/// keyed by the seed, so that any thread can draw any of them in any order.
package struct CounterRandom: Sendable {
    package enum Purpose: UInt32, Sendable {
        case weights = 1
        case shuffle
        case augmentation
        case dropout
        /// Pictures of a model's self-test.
        case selfTest = 14
        /// Pictures that tests make.
        case picture = 15
    }

    package let seed: UInt64
    package let purpose: Purpose
    package let epoch: UInt32
    package let index: UInt32

    package init(seed: UInt64, purpose: Purpose, epoch: Int, index: Int) {
        self.seed = seed
        self.purpose = purpose
        self.epoch = UInt32(truncatingIfNeeded: epoch)
        self.index = UInt32(truncatingIfNeeded: index)
    }

    /// Four words. `block` has 28 bits; the rest of its word is the purpose.
    package func words(block: Int) -> (UInt32, UInt32, UInt32, UInt32) {
        var counter = (UInt32(truncatingIfNeeded: block) << 4 | purpose.rawValue, epoch, index, UInt32(0))
        var words = (UInt32(0), UInt32(0), UInt32(0), UInt32(0))
        withUnsafePointer(to: &counter) { counter in
            withUnsafeMutablePointer(to: &words) { words in
                counter.withMemoryRebound(to: UInt32.self, capacity: 4) { counter in
                    words.withMemoryRebound(to: UInt32.self, capacity: 4) { sqz_philox(seed, counter, $0) }
                }
            }
        }
        return words
    }

    /// The position-th number in [0, 1), a multiple of 2⁻²⁴.
    package func uniform(at position: Int) -> Float {
        let words = words(block: position >> 2)
        let word =
            switch position & 3 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return Float(word >> 8) * 0x1p-24
    }

    /// A whole number in 0..<bound; its bias is below bound / 2⁶⁴.
    package func integer(below bound: Int, at position: Int = 0) -> Int {
        let words = words(block: position)
        let wide = UInt64(words.0) << 32 | UInt64(words.1)
        return Int(wide.multipliedFullWidth(by: UInt64(bound)).high)
    }
}

/// The order in which an epoch visits `count` examples: a Fisher–Yates shuffle that depends on its arguments only.
public func shuffledIndices(_ count: Int, seed: UInt64, epoch: Int) -> [Int] {
    var indices = Array(0..<count)
    let random = CounterRandom(seed: seed, purpose: .shuffle, epoch: epoch, index: 0)
    for last in stride(from: count - 1, to: 0, by: -1) {
        indices.swapAt(last, random.integer(below: last + 1, at: last))
    }
    return indices
}
