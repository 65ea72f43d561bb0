/// SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014): the same seed gives
/// the same test on every machine.
public struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    public mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

/// Damaged versions of a valid input: every truncation of it (of a long one, some), then `flips` with 1 to 8 bytes changed.
public func damaged(_ valid: [UInt8], flips: Int, seed: UInt64) -> some Sequence<[UInt8]> {
    let step = max(1, valid.count / 4_096)
    let truncated = stride(from: 0, to: valid.count, by: step).lazy.map { Array(valid[..<$0]) }
    let flipped = (0..<flips).lazy.map { round in
        var generator = SeededGenerator(seed: seed &+ UInt64(round))
        var bytes = valid
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
        }
        return bytes
    }
    return [AnySequence(truncated), AnySequence(flipped)].joined()
}
