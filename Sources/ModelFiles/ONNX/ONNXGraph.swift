internal import FoundationEssentials
internal import SwiftProtobuf

/// An ONNX graph with its constants told from what is computed, and what needs no computing left out.
struct ONNXGraph {
    /// What is computed of pictures.
    struct Node {
        let proto: Onnx_NodeProto
        /// The values that are no constants, by the names of what makes them.
        let inputs: [String]
        var output: String { proto.output.first ?? "" }

        /// As an error says it.
        var description: String {
            let name = proto.name.isEmpty ? output : proto.name
            return "\(proto.opType.prefix(60)) \(name.prefix(120))"
        }

        /// The error for what has no place in our networks.
        var stranger: ModelFileError {
            ModelFileError(
                proto.isOfEightBits
                    ? "\(description) does not fit: of networks of eight bits those are read that have QuantizeLinear and "
                        + "DequantizeLinear around their layers (QDQ, static)"
                    : "\(description) does not fit: at its place none of our networks has such a node")
        }

        func integer(_ name: String) -> Int? { attribute(name).map { Int($0.i) } }

        func integers(_ name: String) -> [Int]? { attribute(name).map { $0.ints.map(Int.init) } }

        func text(_ name: String) -> String? { attribute(name).map { String(decoding: $0.s, as: UTF8.self) } }

        func number(_ name: String) -> Float? { attribute(name)?.f }

        private func attribute(_ name: String) -> Onnx_AttributeProto? { proto.attribute.first { $0.name == name } }
    }

    private(set) var nodes: [Node] = []
    private(set) var constants: [String: ONNXConstant] = [:]
    /// The pictures' name, and their height and width; nil where any will do.
    let input: String
    let inputSize: Int?
    /// Logits, probabilities or both.
    let outputs: Set<String>
    /// Whether some of it is of eight bits.
    private(set) var isQuantized = false
    private var consumers: [String: [Int]] = [:]
    private var makers: [String: Int] = [:]

    /// Those that change no number of what passes through at inference, or only its shape where a network has no pixels left.
    private static let passing: Set = ["Dropout", "Identity", "Cast"]
    /// Those of networks of eight bits: their numbers stand for what passes.
    private static let quantizing: Set = ["QuantizeLinear", "DequantizeLinear"]

    init(_ graph: Onnx_GraphProto) throws {
        guard graph.node.count <= ModelFileLimits.tensors, graph.initializer.count <= ModelFileLimits.tensors else {
            throw ModelFileError("it has more than \(ModelFileLimits.tensors) nodes or tensors")
        }
        var constants: [String: ONNXConstant] = [:]
        for tensor in graph.initializer { constants[tensor.name] = try ONNXConstant(tensor) }
        let inputs = graph.input.filter { constants[$0.name] == nil }
        guard inputs.count == 1, (1...2).contains(graph.output.count) else {
            throw ModelFileError(
                "it has \(inputs.count) inputs and \(graph.output.count) outputs; one input, and logits or "
                    + "probabilities or both, would be right")
        }
        input = inputs[0].name
        let dimensions = inputs[0].type.tensorType.shape.dim.map { Int($0.dimValue) }
        let sides = dimensions.count == 4 && dimensions[3] == 3 ? dimensions[1...2] : dimensions.dropFirst(2)
        inputSize = sides.first.flatMap { $0 > 0 && sides.allSatisfy { [first = $0] in $0 == first } ? $0 : nil }
        // What passes, by what it passes on.
        var same: [String: String] = [:]
        // What convolutions make, and what has no number below zero.
        var (convolved, rectified) = (Set<String>(), Set<String>())
        for node in graph.node {
            if node.opType == "Constant" {
                guard let value = node.attribute.first(where: { $0.name == "value" }), let name = node.output.first
                else { continue }
                constants[name] = try ONNXConstant(value.t)
                continue
            }
            if node.opType == "ConstantOfShape", let shape = node.input.first.flatMap({ constants[$0]?.integers }),
                let value = node.attribute.first(where: { $0.name == "value" }), let name = node.output.first
            {
                constants[name] = try ONNXConstant(name: name, filledWith: value.t, shape: shape)
                continue
            }
            let sources = node.input.map { same[$0] ?? $0 }
            if Self.passing.contains(node.opType), let source = sources.first, let name = node.output.first {
                if let constant = constants[source] { constants[name] = constant } else { same[name] = source }
                continue
            }
            if Self.quantizing.contains(node.opType), let source = sources.first, let name = node.output.first {
                isQuantized = true
                let (scale, point) = (sources.dropFirst().first, sources.dropFirst(2).first ?? "")
                let zero = constants[point]
                guard point.isEmpty || zero != nil else {
                    throw ModelFileError("its zero point \(point.prefix(120)) is no constant of the file")
                }
                guard
                    !node.attribute.contains(where: { $0.name == "block_size" && $0.i > 0 })
                else { throw Node(proto: node, inputs: []).stranger }
                if let constant = constants[source] {
                    guard node.opType == "DequantizeLinear", let scale = scale.flatMap({ constants[$0] }) else {
                        throw Node(proto: node, inputs: []).stranger
                    }
                    let axis = node.attribute.first { $0.name == "axis" }.map { Int($0.i) } ?? 1
                    constants[name] = constant.dequantized(scale: scale, zero: zero, axis: axis)
                } else if node.opType == "QuantizeLinear", convolved.contains(source), try zero?.isLeastByte ?? true {
                    // Quantizers leave out a ReLU where bytes begin at zero.
                    nodes.append(
                        Node(
                            proto: .with { ($0.opType, $0.input, $0.output) = ("Relu", [source], [name]) },
                            inputs: [source]))
                    rectified.insert(name)
                } else {
                    same[name] = source
                }
                continue
            }
            if node.opType == "Relu", let source = sources.first, let name = node.output.first {
                if rectified.contains(source) {
                    same[name] = source
                    continue
                }
                rectified.insert(name)
            }
            if node.opType == "Conv" { convolved.formUnion(node.output) }
            var resolved = node
            resolved.input = sources
            nodes.append(Node(proto: resolved, inputs: sources.filter { constants[$0] == nil && !$0.isEmpty }))
        }
        self.constants = constants
        outputs = Set(graph.output.map { [same] in same[$0.name] ?? $0.name })
        for (index, node) in nodes.enumerated() {
            for input in Set(node.inputs) { consumers[input, default: []].append(index) }
            if node.output == input || makers.updateValue(index, forKey: node.output) != nil {
                throw ModelFileError("\(node.description) makes what another node makes too")
            }
        }
    }

    /// Those that take a value.
    func users(of value: String) -> [Node] { (consumers[value] ?? []).map { nodes[$0] } }

    /// A constant among a node's inputs.
    func constant(_ node: Node, _ index: Int) -> ONNXConstant? {
        node.proto.input.count > index ? constants[node.proto.input[index]] : nil
    }
}

extension Onnx_NodeProto {
    /// Whether it computes whole numbers, or makes them or what they stand for.
    var isOfEightBits: Bool {
        ["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"].contains(opType)
            || opType.hasPrefix("QLinear")
    }
}
