internal import Varlink

/// What a file of Keras says of its layers beside their weights. Functional and sequential models say it; of others it is in a
/// program, and their configuration has no layers.
struct KerasConfiguration {
    /// A use of a layer: one may be called at several places.
    struct Use: Hashable {
        let layer: String
        let call: Int
    }

    struct Layer {
        let kind: String
        let settings: JSONValue
        /// What goes into each of its calls, in order.
        let calls: [[Use]]
    }

    private(set) var layers: [String: Layer] = [:]
    /// In the file's order.
    private(set) var names: [String] = []
    /// Rows of the pictures that the network takes.
    private(set) var inputSize: Int?

    /// - Parameter place: where the text stands, as an error says it.
    init(_ text: [UInt8], in place: String) throws {
        guard text.count <= ModelFileLimits.kerasConfigurationBytes else {
            throw ModelFileError(
                "\(place) has \(text.count) bytes; at most \(ModelFileLimits.kerasConfigurationBytes) are read")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSON.decode(JSONValue.self, from: text)
        } catch { throw ModelFileError(error.sentence(about: place)) }
        guard let model = value["config"] else { return }
        add(model)
    }

    /// The layers of a model, and of those within it. JSON is nowhere deep.
    private mutating func add(_ model: JSONValue) {
        // Keras 1 and 2 had sequential models that are nothing but their layers.
        let all = model["layers"]?.elements ?? model.elements ?? []
        var before: [Use] = []
        for layer in all {
            guard let settings = layer["config"], let kind = layer["class_name"]?.text else { continue }
            if settings["layers"] != nil { add(settings) }
            let shape = settings["batch_shape"] ?? settings["batch_input_shape"]
            if inputSize == nil, let shape = shape?.elements, shape.count == 4 { inputSize = shape[1].number }
            guard let name = settings["name"]?.text ?? layer["name"]?.text else { continue }
            let calls = layer["inbound_nodes"]?.elements.map { $0.map(Self.inputs) }
            if layers.updateValue(Layer(kind: kind, settings: settings, calls: calls ?? [before]), forKey: name) == nil
            {
                names.append(name)
            }
            before = [Use(layer: name, call: 0)]
        }
    }

    /// Keras 2 has [name, call, output, …] for each, Keras 3 an object with the same as its history; both in whatever lists.
    private static func inputs(of call: JSONValue) -> [Use] {
        if let history = call["config"]?["keras_history"] { return inputs(of: history) }
        switch call {
        case .array(let values):
            if case .string(let layer)? = values.first, values.count >= 3, let call = values[1].number {
                return [Use(layer: layer, call: call)]
            }
            return values.flatMap(inputs)
        case .object(let members):
            // The arguments that have no names come first.
            return (members["args"].map(inputs) ?? []) + (members["kwargs"].map(inputs) ?? [])
                + members.sorted { $0.key < $1.key }.filter { !["args", "kwargs"].contains($0.key) }
                .flatMap { inputs(of: $0.value) }
        default: return []
        }
    }

    /// The layer whose tensor stands at a path, which has its name in it.
    func layer(at path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // Names may have slashes.
        for length in stride(from: parts.count - 1, through: 1, by: -1) {
            for start in 0...(parts.count - length) {
                let name = parts[start..<start + length].joined(separator: "/")
                if layers[name] != nil { return name }
            }
        }
        return nil
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }
    var elements: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Int? { if case .integer(let number) = self { Int(number) } else { nil } }
}
