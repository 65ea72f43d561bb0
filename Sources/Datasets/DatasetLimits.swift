/// What a user can make an import spend. `standard` is what sqzd uses; smaller ones serve the tests.
public struct DatasetLimits: Sendable {
    /// Files given to one import, and members of all its archives together.
    public var files = 4_096
    /// Bytes of one file after decompression; a gzip bomb is refused here, before anything is written.
    public var decompressedBytes = 32 << 30
    /// Training and test pictures together.
    public var pictures = 10_000_000
    /// Bytes of pictures and labels in the file that an import writes.
    public var outputBytes = 31 << 30
    public var classes = 1_000
    /// UTF-8 bytes of one class name.
    public var classNameBytes = 255

    public static let standard = DatasetLimits()

    public init() {}

    /// Bytes of a list of class names: every name as long as may be, each with CR and LF, and as much again in blank
    /// lines.
    var classListBytes: Int { 2 * classes * (classNameBytes + 2) }
}
