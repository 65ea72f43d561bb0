public import Bitmaps

/// The kind of files that a data set was imported from. Each stands in the file of its reader.
public struct SourceFormat: Equatable, Sendable {
    public let rawValue: String
    /// Rows and columns that every picture of the format has in a data set; nil where each data set has its own.
    let side: Int?
    /// The name of the list of class names that comes with the format.
    var classList: String?
    /// Names of its files, for messages.
    let officialNames: String
}

extension SourceFormat {
    /// The format of this name; nil where no reader has it.
    public init?(rawValue: String) {
        guard let format = Self.all.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = format
    }

    static var all: [SourceFormat] { FormatReader.all.flatMap(\.formats) + [.pictures] }

    /// The name for messages.
    var title: String { rawValue.uppercased() }
}

/// What there is to say of a data set without its pictures.
public struct DatasetDescription: Equatable, Sendable {
    public let format: SourceFormat
    /// Names in the order of the labels.
    public let classes: [String]
    /// Pictures of each class, in the same order; as many zeros where there are no test pictures.
    public let trainByClass: [Int]
    public let testByClass: [Int]
    public let height: Int
    public let width: Int
    /// How pictures became squares; nil where they were squares.
    public let fit: Fit?

    public var trainCount: Int { trainByClass.reduce(0, +) }
    public var testCount: Int { testByClass.reduce(0, +) }
}
