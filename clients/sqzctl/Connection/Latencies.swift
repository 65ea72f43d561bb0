/// How long calls took, in nanoseconds, in memory that does not grow: a value is known to within 1/128 of it.
struct Latencies {
    private var counts: [Int]
    private(set) var count = 0
    private(set) var longest: UInt64 = 0

    /// Buckets of each power of two. Below this number every value has its own.
    private static let steps = 128
    private static let stepBits = 7

    init() { counts = Array(repeating: 0, count: (65 - Self.stepBits) * Self.steps) }

    mutating func add(_ value: UInt64) {
        counts[Self.bucket(of: value)] += 1
        count += 1
        longest = max(longest, value)
    }

    /// What this share of them did not exceed; 0 where there are none.
    func quantile(_ share: Double) -> UInt64 {
        let rank = max(1, Int((Double(count) * share).rounded(.up)))
        var before = 0
        for (bucket, inside) in counts.enumerated() where inside > 0 {
            before += inside
            if before >= rank { return min(Self.middle(of: bucket), longest) }
        }
        return 0
    }

    private static func bucket(of value: UInt64) -> Int {
        guard value >= steps else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - stepBits
        return shift * steps + Int(value >> UInt64(shift))
    }

    private static func middle(of bucket: Int) -> UInt64 {
        guard bucket >= 2 * steps else { return UInt64(bucket) }
        let shift = UInt64(bucket / steps - 1)
        return UInt64(steps + bucket % steps) << shift + (1 << shift) / 2
    }
}
