/// Tiny CIFAR-10 data: the class of a picture is its colour, under some noise. The same call gives the same bytes.
public enum Colours {
    public static let classes = [
        "red", "green", "blue", "yellow", "cyan", "magenta", "orange", "violet", "lime", "azure",
    ]

    private static let values: [(red: UInt8, green: UInt8, blue: UInt8)] = [
        (230, 20, 20), (20, 230, 20), (20, 20, 230), (230, 230, 20), (20, 230, 230), (230, 20, 230), (230, 120, 20),
        (120, 20, 230), (120, 230, 20), (20, 120, 230),
    ]

    /// Records of 3,073 bytes, their labels in turn.
    public static func records(_ count: Int, seed: UInt64) -> [[UInt8]] {
        var noise = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let label = index % classes.count
            let (red, green, blue) = values[label]
            return [UInt8(label)]
                + [red, green, blue].flatMap { value in
                    (0..<1_024).map { _ in UInt8(clamping: Int(value) + Int.random(in: -20...20, using: &noise)) }
                }
        }
    }

    /// The same with every seventh one's label a wrong one, so that there are mistakes whatever is learnt.
    private static func mislabelled(_ records: [[UInt8]]) -> [[UInt8]] {
        records.enumerated().map { $0.isMultiple(of: 7) ? [($1[0] + 1 + UInt8($0 % 3)) % 10] + $1.dropFirst() : $1 }
    }

    /// A folder as it comes out of `cifar-10-binary.tar.gz`: training and test pictures and the classes' names.
    @discardableResult
    public static func write(
        to scratch: ScratchDirectory, _ name: String = "colours", train: Int = 200, test: Int = 40, seed: UInt64 = 1,
        mislabelled: Bool = false
    ) throws -> String {
        for (file, count, seed) in [("data_batch_1.bin", train, seed), ("test_batch.bin", test, seed + 1)] {
            let records = records(count, seed: seed)
            try scratch.write("\(name)/\(file)", (mislabelled ? Self.mislabelled(records) : records).flatMap { $0 })
        }
        try scratch.write("\(name)/batches.meta.txt", Array((classes.joined(separator: "\n") + "\n").utf8))
        return scratch[name]
    }
}
