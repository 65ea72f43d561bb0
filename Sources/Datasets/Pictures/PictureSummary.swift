public import Bitmaps

/// What a user may say of pictures that are imported. Records (CIFAR, IDX) have none of it.
public struct PictureOptions: Equatable, Sendable {
    /// Rows and columns of the squares; nil for what suits the pictures.
    public var size: Int?
    /// nil is `crop`.
    public var fit: Fit?
    /// Whether pictures that can't be read are left out, rather than that they end the import.
    public var skipsUnreadable: Bool

    public init(size: Int? = nil, fit: Fit? = nil, skipsUnreadable: Bool = false) {
        self.size = size
        self.fit = fit
        self.skipsUnreadable = skipsUnreadable
    }
}

/// Files that are no part of a data set of pictures, by the reason.
public struct PassedOverFiles: Equatable, Sendable {
    public enum Reason: Int, CaseIterable, Sendable, CustomStringConvertible {
        case hidden, empty, noPicture, link, outside, unlisted, validation, untrained

        public var description: String {
            switch self {
            case .hidden: "hidden or left by a system"
            case .empty: "empty"
            case .noPicture: "no picture"
            case .link: "link or device"
            case .outside: "outside of any class's folder"
            case .unlisted: "not in the list of labels"
            case .validation: "for validation, beside those to test"
            case .untrained: "to test, of classes without pictures to train"
            }
        }
    }

    public let reason: Reason
    public var files: Int
    /// The first by name.
    public var example: String
}

/// A picture that can't be read, and why.
public struct UnreadableFile: Equatable, Sendable {
    public let file: String
    public let reason: String
}

/// What an import of pictures came to beside the data set.
public struct PictureSummary: Equatable, Sendable {
    /// Rows and columns of the squares.
    public let size: Int
    public let fit: Fit
    /// In the order of `Reason`.
    public let passedOver: [PassedOverFiles]
    /// Pictures that were left out because they can't be read.
    public let unreadable: Int
    /// Test pictures whose files are among the training pictures' too, byte for byte.
    public let duplicates: Int
}

/// What is told during an import.
public enum ImportNews: Sendable {
    /// So many pictures were read, of so many where that is known.
    case pictures(Int, of: Int?)
    /// All pictures that can't be read, by name; told once, before the import ends by them or goes on without them.
    case unreadable([UnreadableFile])
}

/// What an import came to.
public struct ImportResult: Sendable {
    public let dataset: DatasetDescription
    /// nil where it was no import of pictures.
    public let summary: PictureSummary?
}

/// Counts what is passed over.
struct PassedOverCounts {
    private var counts: [PassedOverFiles.Reason: (files: Int, first: MemberPath)] = [:]

    mutating func add(_ path: MemberPath, _ reason: PassedOverFiles.Reason) {
        let (files, first) = counts[reason] ?? (0, path)
        counts[reason] = (files + 1, min(first, path))
    }

    var sorted: [PassedOverFiles] {
        PassedOverFiles.Reason.allCases.compactMap { reason in
            counts[reason].map { PassedOverFiles(reason: reason, files: $0.files, example: "\($0.first)") }
        }
    }
}
