internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// What the value of an option may be.
protocol OptionValue {
    static var type: OptionType { get }
    static var choices: [String]? { get }
    /// How one is written, where neither type nor choices say it.
    static var right: String? { get }
    /// As it is written on a command line; nil where there is none.
    var text: String? { get }
    /// nil if it is of another type.
    init?(_ value: JSONValue)
}

extension OptionValue {
    static var choices: [String]? { nil }
    static var right: String? { nil }
}

extension OptionValue where Self: FixedWidthInteger {
    static var type: OptionType { .integer }
    var text: String? { String(self) }
    init?(_ value: JSONValue) {
        guard case .integer(let value) = value else { return nil }
        self.init(exactly: value)
    }
}

extension OptionValue where Self: BinaryFloatingPoint & LosslessStringConvertible {
    static var type: OptionType { .number }
    var text: String? { String(self) }
    init?(_ value: JSONValue) {
        switch value {
        case .integer(let value): self.init(value)
        case .number(let value): self.init(value)
        default: return nil
        }
    }
}

extension OptionValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    static var type: OptionType { .text }
    static var choices: [String]? { allCases.map(\.rawValue) }
    var text: String? { rawValue }
    init?(_ value: JSONValue) {
        guard case .string(let text) = value else { return nil }
        self.init(rawValue: text)
    }
}

extension Int: OptionValue {}
extension UInt64: OptionValue {}
extension Float: OptionValue {}
extension Double: OptionValue {}
extension Bool: OptionValue {
    static var type: OptionType { .flag }
    var text: String? { String(self) }
    init?(_ value: JSONValue) {
        guard case .bool(let value) = value else { return nil }
        self = value
    }
}

extension Architecture: OptionValue {}
extension Bypass: OptionValue {}
extension Recipe.Name: OptionValue {}
extension Optimizer.Name: OptionValue {}
extension Schedule.Shape: OptionValue {}
extension Calibration.Rule: OptionValue {}

/// A model that an option names; its file comes with the job's run.
struct NamedModel: OptionValue {
    static var type: OptionType { .model }
    let name: String
    var text: String? { name }

    init?(_ value: JSONValue) {
        guard case .string(let name) = value else { return nil }
        self.name = name
    }
}

/// An option whose default depends on others: its help says how.
extension Optional: OptionValue where Wrapped: OptionValue {
    static var type: OptionType { Wrapped.type }
    static var choices: [String]? { Wrapped.choices }
    static var right: String? { Wrapped.right }
    var text: String? { nil }
    init?(_ value: JSONValue) {
        guard let value = Wrapped(value) else { return nil }
        self = value
    }
}
