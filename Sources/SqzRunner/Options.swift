internal import Glibc
internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// A job's options as they came, checked against `JobKinds` by the daemon.
struct Options {
    let values: [String: JSONValue]

    func integer(_ name: String) -> Int? {
        if case .integer(let value)? = values[name] { Int(value) } else { nil }
    }

    func number(_ name: String) -> Double? {
        switch values[name] {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The case that a text names.
    func choice<C: RawRepresentable & CaseIterable>(_ name: String, _ fallback: C) throws -> C
    where C.RawValue == String {
        guard case .string(let text)? = values[name] else { return fallback }
        guard let choice = C(rawValue: text) else {
            throw SqzError.invalidOption(
                option: name, reason: "must be one of \(C.allCases.map(\.rawValue).joined(separator: ", ")), is \(text)"
            )
        }
        return choice
    }

    /// What was asked for, else a thread for each processor that this process may use.
    var threads: Int { integer("threads") ?? min(max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))), Classifier.mostThreads) }
}

/// What a training is told.
struct TrainOptions {
    var architecture = Architecture.squeezenetCIFAR
    var bypass = Bypass.none
    var recipe = Recipe.tutorial
    var epochs = 10
    var batchSize = 128
    var seed: UInt64 = 1
    /// Height and width of what the network sees.
    var size = 32
    var padding = 4
    var validationShare = 0.1
    var threads = 1

    static let defaults = TrainOptions()

    init() {}

    init(_ options: Options) throws {
        architecture = try options.choice("arch", architecture)
        bypass = try options.choice("bypass", bypass)
        recipe = Recipe(try options.choice("recipe", recipe.name))
        epochs = options.integer("epochs") ?? epochs
        batchSize = options.integer("batch-size") ?? batchSize
        recipe.learningRate = options.number("learning-rate").map(Float.init) ?? recipe.learningRate
        seed = options.integer("seed").map(UInt64.init) ?? seed
        size = options.integer("resize") ?? size
        padding = options.integer("pad") ?? (options.integer("resize") == nil ? padding : 0)
        validationShare = options.number("validation-share") ?? validationShare
        threads = options.threads
    }
}
