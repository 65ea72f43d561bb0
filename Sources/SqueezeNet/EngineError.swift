/// What the engine refuses: what was wrong, and what would be right.
public enum EngineError: Error, Equatable, Sendable, CustomStringConvertible {
    case inputTooSmall(Architecture, size: Int, smallest: Int)
    case inputTooLarge(size: Int, largest: Int)
    case classCount(Int, allowed: ClosedRange<Int>)
    case valueCount(Int, expected: Int)
    case preprocessing(String)
    case hyperparameter(String)
    case kernels(requested: String, available: [String])
    case threads(Int, allowed: ClosedRange<Int>)
    case outOfMemory(bytes: Int)

    public var description: String {
        switch self {
        case .inputTooSmall(let architecture, let size, let smallest):
            "\(architecture.rawValue) cannot take \(size)×\(size) pictures; the smallest that works is \(smallest)×\(smallest)"
        case .inputTooLarge(let size, let largest):
            "pictures of \(size)×\(size) are too large; the largest allowed is \(largest)×\(largest)"
        case .classCount(let count, let allowed):
            "\(count) class\(count == 1 ? "" : "es"); allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .valueCount(let count, let expected):
            "\(count) weight\(count == 1 ? "" : "s") given; this network has \(expected)"
        case .preprocessing(let reason), .hyperparameter(let reason):
            reason
        case .kernels(let requested, let available):
            "SQZ_KERNELS names \"\(requested)\"; this machine has \(available.joined(separator: ", "))"
        case .threads(let count, let allowed):
            "\(count) threads; allowed are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .outOfMemory(let bytes):
            "\(bytes) bytes of memory, or the threads to use them, cannot be had"
        }
    }
}
