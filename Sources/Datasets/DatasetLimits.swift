/// What a user can make an import spend. `standard` is what sqzd uses; smaller ones serve the tests.
public struct DatasetLimits: Sendable {
    /// Files of records given to one import, and members of all their archives together.
    public var files = 4_096
    /// Bytes of one file after decompression; a gzip bomb is refused here, before anything is written.
    public var decompressedBytes = 32 << 30
    /// Training and test pictures together.
    public var pictures = 10_000_000
    /// Bytes of pictures and labels in the file that an import writes.
    public var outputBytes = 31 << 30
    /// Labels have 16 bits; more than this would make one reply of a list of data sets too long.
    public var classes = 10_000
    /// UTF-8 bytes of one class name.
    public var classNameBytes = 255

    // Pictures in folders and archives
    /// Files below one folder, or in one archive, be they pictures or not.
    public var treeFiles = 2_000_000
    /// Bytes of a file's path below what was imported.
    public var pathBytes = 1_024
    /// Folders above a file, below what was imported.
    public var depth = 32
    /// Bytes of a picture's file.
    public var pictureFileBytes = 64 << 20
    /// Bytes of a list of labels; a longer table is none.
    public var labelListBytes = 64 << 20
    /// Rows and columns of the squares that pictures become.
    public var sides = 1...1_024
    /// Bytes that the pictures may take which are decoded at the same time; one picture may in any case.
    public var decodedBytes = 2 << 30

    public static let standard = DatasetLimits()

    public init() {}

    /// Bytes of a list of class names: every name as long as may be, each with CR and LF, and as much again in blank
    /// lines.
    var classListBytes: Int { 2 * classes * (classNameBytes + 2) }
}
