internal import SqzProtocol
internal import Varlink

/// An option of a kind of job, declared where its value lies; the initial value is the default. From the declaration come the
/// runner's description, by that the daemon's checks, and, by `make generate`, the flags of `sqzctl` and the keywords of Python.
///
/// A class, because reflection finds an option but can't change a struct. Only `JobOptions.init` sets the value.
@propertyWrapper
final class Option<Value: OptionValue>: DeclaredOption {
    let declaration: JobOption
    private(set) var wrappedValue: Value
    /// Whether the value came with the job.
    private(set) var isGiven = false
    /// What stands for the default where a model is tuned.
    private let baseDefault: Value?

    init(
        wrappedValue: Value, _ name: String, minimum: Double? = nil, maximum: Double? = nil,
        bounds: [OptionBound]? = nil, base: Bool? = nil, tuning: Value? = nil, help: String
    ) {
        self.wrappedValue = wrappedValue
        declaration = JobOption(
            name: name, type: Value.type, help: help, default: wrappedValue.text, choices: Value.choices,
            minimum: minimum, maximum: maximum, bounds: bounds, base: base, baseDefault: tuning?.text)
        baseDefault = tuning
    }

    /// For what several kinds declare; the default depends on the machine or on other options.
    init<Wrapped>(wrappedValue: Value = nil, _ declaration: JobOption) where Value == Wrapped? {
        self.wrappedValue = wrappedValue
        self.declaration = declaration
        baseDefault = nil
    }

    func tune() {
        if let baseDefault { wrappedValue = baseDefault }
    }

    func set(_ value: JSONValue) throws {
        guard let value = Value(value) else {
            throw SqzError.invalidOption(
                option: declaration.name,
                reason: "this value does not fit" + (Value.right.map { "; right would be \($0)" } ?? ""))
        }
        wrappedValue = value
        isGiven = true
    }
}

/// An `Option` of whatever value.
protocol DeclaredOption: AnyObject {
    var declaration: JobOption { get }
    /// Makes the default that of a job which tunes a model.
    func tune()
    func set(_ value: JSONValue) throws
}

/// The options of a kind of job: a struct whose stored properties are `Option`s, in the order in which users see them.
protocol JobOptions {
    init()
    var chosenThreads: Int? { get }
}

extension JobOptions {
    /// What a runner describes.
    static var declarations: [JobOption] { Self().declared.map(\.declaration) }

    /// The values that came with a job, checked as the daemon does, and the defaults of the others.
    init(_ values: [String: JSONValue], of kind: JobKind, tuning: Bool) throws {
        try kind.check(values, tuning: tuning)
        self.init()
        for option in declared {
            if tuning { option.tune() }
            if let value = values[option.declaration.name] { try option.set(value) }
        }
    }

    private var declared: [any DeclaredOption] {
        Mirror(reflecting: self).children.compactMap { $0.value as? any DeclaredOption }
    }
}
