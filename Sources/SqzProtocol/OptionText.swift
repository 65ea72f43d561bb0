public import Varlink

extension JSONValue {
    /// The value of an option as a person writes it on a command line.
    public var plain: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
        case .bool(let flag): String(flag)
        default: "\(self)"
        }
    }
}
