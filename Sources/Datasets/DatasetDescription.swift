/// The kind of files that a data set was imported from.
public enum SourceFormat: String, Codable, Sendable {
    case cifar10 = "cifar-10"
    case cifar100 = "cifar-100"
    case idx
}

/// What there is to say of a data set without its pictures.
public struct DatasetDescription: Codable, Equatable, Sendable {
    public let format: SourceFormat
    public let trainCount: Int
    public let testCount: Int
    /// Names in the order of the labels.
    public let classes: [String]
    public let height: Int
    public let width: Int
}
