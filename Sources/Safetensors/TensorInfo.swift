/// What a file's header says of one tensor.
public struct TensorInfo: Equatable, Sendable {
    public let type: ElementType
    /// The dimensions, outermost first; empty for a scalar. A dimension may be 0.
    public let shape: [Int]
    /// Where the elements lie in the file, row-major.
    public let byteRange: Range<Int>
}

/// A tensor that a file to be written will have.
public struct TensorDeclaration: Sendable {
    public let name: String
    public let type: ElementType
    public let shape: [Int]

    public init(name: String, type: ElementType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }
}
