/// The weights of a file of Keras: those of its layers, in their order, under the names of the layers where they have any.
///
/// | kind | where |
/// |---|---|
/// | `save_weights`, `save` of Keras 2, `save("x.h5")` of Keras 3 | `LAYER/…/kernel`, below `model_weights` if the whole model was saved; `layer_names` and `weight_names` are the order |
/// | `.weights.h5` and `.keras` of Keras 3 | `layers/conv2d_1/vars/0`, or the layer's path in a class; `name` of `vars` is the layer's |
struct KerasWeights {
    private(set) var tensors: [ForeignTensor] = []
    private let file: HDF5File
    private var visited: Set<HDF5File.Address> = []
    private var found: [Found] = []
    /// By path, where the file says it.
    private var order: [String: Int] = [:]
    private var layers: Set<String> = []

    private struct Found {
        /// Below the group of the weights.
        let path: String
        /// The layer's, if the file has one.
        let layer: String?
        let address: HDF5File.Address
        let type: HDF5File.ElementType
        let shape: [Int]
    }

    /// Groups with an optimizer's numbers and what a training measured, which have the shapes of weights.
    private static let others = ["optimizer", "metrics", "compile_metrics", "loss"]
    private static let wholeModel = "model_weights"

    init(_ file: HDF5File) throws {
        self.file = file
        var root = file.root
        visited.insert(root)
        for case (Self.wholeModel, .hard(let inner)) in try file.links(of: root, most: ModelFileLimits.kerasObjects) {
            guard case .group = try file.object(inner) else { continue }
            root = inner
        }
        visited.insert(root)
        try walk(root)
        sort()
        tensors = found.map(tensor)
    }

    // MARK: Finding

    /// All groups, each once: a group may stand in itself.
    private mutating func walk(_ root: HDF5File.Address) throws {
        var names = try file.texts("layer_names", of: root)
        layers = Set(names)
        var waiting: [(path: String, group: HDF5File.Address, depth: Int)] = [("", root, 0)]
        while let (path, group, depth) = waiting.popLast() {
            if layers.contains(path) {
                for name in try file.texts("weight_names", of: group) { names.append("\(path)/\(name)") }
            }
            let isVars = path.hasSuffix("/vars")
            let layer = isVars ? try file.texts("name", of: group).first : nil
            for (name, link) in try file.links(of: group, most: ModelFileLimits.kerasObjects) {
                let inner = path.isEmpty ? name : "\(path)/\(name)"
                let address: HDF5File.Address
                switch link {
                case .soft: continue
                case .foreign: throw ModelFileError("\(inner.prefix(120)) is a link to another file")
                case .hard(let place): address = place
                }
                guard !(depth == 0 && Self.isOther(name)), visited.insert(address).inserted else { continue }
                guard visited.count <= ModelFileLimits.kerasObjects else {
                    throw ModelFileError("it has more than \(ModelFileLimits.kerasObjects) groups and datasets")
                }
                switch try named(inner, { try file.object(address) }) {
                case .group:
                    guard depth < ModelFileLimits.kerasDepth else {
                        throw ModelFileError("its groups are more than \(ModelFileLimits.kerasDepth) deep")
                    }
                    waiting.append((inner, address, depth + 1))
                case .dataset(let type, let shape):
                    // Seeds and counts.
                    guard type != .integer || shape.count > 1 else { continue }
                    found.append(Found(path: inner, layer: layer, address: address, type: type, shape: shape))
                case .other: continue
                }
            }
        }
        order = Dictionary(zip(names, names.indices)) { first, _ in first }
    }

    private static func isOther(_ name: String) -> Bool {
        name == "_optimizer" || others.contains { name.hasPrefix($0) }
    }

    // MARK: Order

    /// As the file says; else by the numbers that Keras gives layers without names as they are made; else by the paths, in which
    /// `conv2d_10` comes after `conv2d_9`.
    private mutating func sort() {
        let made = found.compactMap { $0.layer.flatMap(Self.numberMade) }
        let isByNumber = !found.isEmpty && made.count == found.count
        let keyed = found.map { weight -> (place: Int, path: NaturalOrder, weight: Found) in
            let place = isByNumber ? Self.numberMade(weight.layer!)! : order[weight.path] ?? Int.max
            // A layer's kernel before its bias.
            let parent = weight.path.split(separator: "/").dropLast().joined(separator: "/")
            return (place, NaturalOrder("\(parent)/\(9 - weight.shape.prefix(9).count)/\(weight.path)"), weight)
        }
        found = keyed.sorted { ($0.place, $0.path) < ($1.place, $1.path) }.map(\.weight)
    }

    /// n of `conv2d_n`, 0 of `conv2d`; nil of a name that somebody gave.
    private static func numberMade(_ name: String) -> Int? {
        let word = "conv2d"
        guard name != word else { return 0 }
        guard name.hasPrefix(word + "_") else { return nil }
        return Int(name.dropFirst(word.count + 1))
    }

    // MARK: Tensors

    private func tensor(_ weight: Found) -> ForeignTensor {
        let isNamed = weight.layer.map { Self.numberMade($0) == nil } ?? false
        let label = isNamed ? "\(weight.layer!) (\(weight.path))" : weight.path
        let name = isNamed ? "\(weight.layer!)/\(weight.path.split(separator: "/").last ?? "")" : weight.path
        let shape = weight.shape
        // Keras has height, width, channels, filters.
        let ours = shape.count == 4 ? [shape[3], shape[2], shape[0], shape[1]] : shape
        let path = weight.layer.map { "\($0)/\(weight.path)" } ?? weight.path
        return ForeignTensor(name: name, label: label, path: path, type: weight.type.rawValue, shape: ours) { [file] in
            guard weight.type.isFloat else {
                throw ModelFileError("\(weight.path.prefix(120)) is \(weight.type.rawValue); floats would be right")
            }
            let count = shape.reduce(1, *)
            let values = try named(weight.path) { try file.values(of: weight.address, count: count) }
            return shape.count == 4 ? Self.filtersFirst(values, shape) : values
        }
    }

    private static func filtersFirst(_ values: [Float], _ shape: [Int]) -> [Float] {
        let (pixels, channels, filters) = (shape[0] * shape[1], shape[2], shape[3])
        var result = [Float](repeating: 0, count: values.count)
        for pixel in 0..<pixels {
            for channel in 0..<channels {
                for filter in 0..<filters {
                    result[(filter * channels + channel) * pixels + pixel] =
                        values[(pixel * channels + channel) * filters + filter]
                }
            }
        }
        return result
    }
}

/// The error of a body as one of what is called so.
private func named<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as ModelFileError {
        throw ModelFileError("\(path.prefix(120)): \(error.description)")
    }
}

/// Text whose runs of digits count as numbers.
private struct NaturalOrder: Comparable {
    private let parts: [(text: Substring, number: Int)]

    init(_ text: String) {
        var rest = text[...]
        var parts: [(text: Substring, number: Int)] = []
        while !rest.isEmpty {
            let letters = rest.prefix { !$0.isASCII || !$0.isNumber }
            let digits = rest.dropFirst(letters.count).prefix { $0.isASCII && $0.isNumber }
            parts.append((letters, Int(digits) ?? -1))
            rest = rest.dropFirst(letters.count + digits.count)
        }
        self.parts = parts
    }

    static func < (left: Self, right: Self) -> Bool { left.parts.lexicographicallyPrecedes(right.parts, by: <) }
    static func == (left: Self, right: Self) -> Bool { left.parts.elementsEqual(right.parts, by: ==) }
}
