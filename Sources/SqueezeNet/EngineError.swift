/// What the engine refuses: what was wrong, and what would be right.
public enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
    case inputTooSmall(Architecture, size: Int, smallest: Int)
    case inputTooLarge(size: Int, largest: Int)
    case classCount(Int, allowed: ClosedRange<Int>)
    case width(Int, allowed: ClosedRange<Int>)
    case classifierPadding(Int, allowed: ClosedRange<Int>)
    case valueCount(Int, expected: Int)
    case preprocessing(String)
    case hyperparameter(String)
    case quantization(String)
    case temperature(String)
    case kernels(requested: String, available: [String])
    case threads(Int, allowed: ClosedRange<Int>)
    case outOfMemory(bytes: Int)

    public var description: String {
        switch self {
        case .inputTooSmall(let architecture, let size, let smallest):
            "\(architecture.rawValue) cannot take \(size)x\(size) pictures; the smallest that works is \(smallest)x\(smallest)"
        case .inputTooLarge(let size, let largest):
            "pictures of \(size)x\(size) are too large; the largest allowed is \(largest)x\(largest)"
        case .classCount(let count, let allowed):
            "a network tells \(allowed.lowerBound) to \(allowed.upperBound) classes apart; there \(count == 1 ? "is 1" : "are \(count)")"
        case .width(let width, let allowed):
            "a network's width must be \(allowed.lowerBound) to \(allowed.upperBound), is \(width)"
        case .classifierPadding(let padding, let allowed):
            "the classifier's padding must be \(allowed.lowerBound) to \(allowed.upperBound), is \(padding)"
        case .valueCount(let count, let expected):
            "this network has \(expected) weights; given \(count == 1 ? "is 1" : "are \(count)")"
        case .preprocessing(let reason), .hyperparameter(let reason), .quantization(let reason),
            .temperature(let reason):
            reason
        case .kernels(let requested, let available):
            "SQZ_KERNELS names \"\(requested)\"; this machine has \(available.joined(separator: ", "))"
        case .threads(let count, let allowed):
            "the number of threads must be \(allowed.lowerBound) to \(allowed.upperBound), is \(count)"
        case .outOfMemory(let bytes):
            "\(bytes) bytes of memory, or the threads to use them, cannot be had"
        }
    }
}
