/// Reads the files of one format, or of several that only their reader can tell apart. A format is a file beside this one
/// and a line in `all`.
struct FormatReader: Sendable {
    /// What a user could have given, for the refusal of an import without any usable file.
    let files: String
    let formats: [SourceFormat]
    /// First bytes of a file that the reader asks for.
    var startBytes = 0
    /// Whether a file is its own, be it one that is of use here or not, by its base name and its first bytes.
    let recognizes: @Sendable (_ baseName: String, _ start: [UInt8]) -> Bool
    /// What a file that it recognized holds, told by its first bytes and its size.
    let examine:
        @Sendable (_ file: MemberReader.Member, _ start: [UInt8], _ size: Int) throws(DatasetError) -> FileRecords

    /// A file belongs to the last that recognizes it. CIFAR stands first: it recognizes every file, since its records have
    /// no mark.
    static let all: [FormatReader] = [
        cifar,
        idx,
    ]

    static func reader(of baseName: String, start: [UInt8]) -> FormatReader {
        all.last { $0.recognizes(baseName, start) }!
    }
}

/// What a file holds: a header, then `count` records of `bytes` each, which are pictures, labels, or both.
struct FileRecords: Sendable {
    let format: SourceFormat
    let count: Int
    var headerBytes = 0
    let bytes: Int
    /// Place of the label, one byte, in a record; nil in a file of pictures alone, beside which there is one of labels.
    var label: Int?
    /// Makes of a record the `PictureRecord.pictureBytes` of a picture; nil in a file of labels alone.
    var picture: (@Sendable (_ record: UnsafeRawBufferPointer, _ picture: UnsafeMutableRawBufferPointer) -> Void)?
}
