/// A number of bytes as people write it.
public struct FileSize: Equatable, Sendable {
    public let bytes: Int

    /// How one is written.
    public static let examples = "80kB, 0.47MB or a number of bytes"

    private static let largest = 1e12

    /// nil if it is none.
    public init?(_ text: String) {
        let units = [("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("KiB", 1_024), ("MiB", 1_048_576), ("B", 1), ("", 1)]
        let unit = units.first { text.lowercased().hasSuffix($0.0.lowercased()) }!
        let digits = text.dropLast(unit.0.count)
        guard digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: ".") }),
            let number = Double(digits), number * unit.1 >= 1, number * unit.1 <= Self.largest
        else { return nil }
        bytes = Int(number * unit.1)
    }
}
