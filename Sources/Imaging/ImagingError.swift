/// Why bytes are no picture that is read. The description is one line for a person, without the file's name, which is
/// not known here.
public struct ImagingError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Code: Sendable {
        /// The bytes are of a kind that is not read; the description names it.
        case notRead
        /// There are no bytes, or they look like nothing that is known.
        case unknown
        /// A limit was met; nothing was decoded.
        case overLimit
        /// The bytes end before the picture does.
        case cutOff
        /// The bytes are not what they should be.
        case broken
    }

    public let code: Code
    public let problem: String

    public var description: String { problem }
}

extension ImagingError {
    /// - Parameter what: with its article.
    static func notRead(_ what: String) -> Self {
        Self(code: .notRead, problem: "this is \(what); PNG, JPEG and WebP are read")
    }

    static func unknown(count: Int) -> Self {
        let what = count == 0 ? "an empty file" : "no picture of a known format"
        return Self(code: .unknown, problem: "this is \(what); PNG, JPEG and WebP are read")
    }

    static func broken(_ reason: String) -> Self { Self(code: .broken, problem: "the picture is broken: \(reason)") }

    static func cutOff(_ what: String) -> Self { Self(code: .cutOff, problem: "the picture is cut off: \(what)") }

    static let cutOffHeader = cutOff("its size is not there")

    /// - Parameters:
    ///   - what: in the plural, which is missing or not.
    static func cutOff(missing: Int, of whole: Int, _ what: String) -> Self {
        guard missing > 0 else { return cutOff("its \(what) are there, but coarse") }
        let percent = 100 * missing / whole
        return cutOff("\(percent == 0 ? "less than 1" : "\(percent)") % of its \(what) are missing")
    }
}
