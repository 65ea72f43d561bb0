internal import FoundationEssentials
internal import SqueezeNet
internal import SwiftProtobuf

/// A model as an ONNX graph: pictures in, logits and probabilities out.
struct ONNXWriting {
    private var builder: ONNXBuilder
    private let model: ModelFile
    /// Of a model of eight bits.
    private let quantization: ONNXQuantization?

    /// The last in which ReduceMean has its axes as an attribute; PyTorch 2, TensorRT 8.5 and onnxruntime 1.14 know it.
    private static let operatorSet: Int64 = 17
    /// That of the release of ONNX that brought it, 1.12.
    private static let irVersion: Int64 = 8

    static func file(of model: ModelFile, floatInput: Bool) throws -> [UInt8] {
        var writing = try ONNXWriting(model, floatInput: floatInput)
        var proto = Onnx_ModelProto()
        proto.irVersion = irVersion
        proto.producerName = "sqzd"
        proto.opsetImport = [.with { $0.version = operatorSet }]
        proto.graph = writing.graph(floatInput: floatInput)
        proto.metadataProps = try SafetensorsModel.metadata(of: model).sorted { $0.key < $1.key }.map { key, value in
            .with { ($0.key, $0.value) = (key, value) }
        }
        return try proto.serializedBytes()
    }

    /// Throws where an exported graph is not that of the model.
    static func check(_ graph: Onnx_GraphProto, _ model: ModelFile) throws {
        let floatInput = graph.input.first?.type.tensorType.elemType == ONNXBuilder.DataType.float.rawValue
        var writing = try ONNXWriting(model, floatInput: floatInput)
        let own = writing.graph(floatInput: floatInput)
        if let node = zip(own.node, graph.node).first(where: { $0 != $1 })?.1 {
            throw ModelFileError("its node \(node.name.prefix(120)) is not what was exported")
        }
        if let constant = zip(own.initializer, graph.initializer).first(where: { $0 != $1 })?.1 {
            throw ModelFileError("its constant \(constant.name.prefix(120)) is not what was exported")
        }
        guard own.node.count == graph.node.count, own.initializer.count == graph.initializer.count else {
            throw ModelFileError(
                "it has \(graph.node.count) nodes and \(graph.initializer.count) constants; exported were \(own.node.count) and "
                    + "\(own.initializer.count)")
        }
    }

    private init(_ model: ModelFile, floatInput: Bool) throws {
        self.model = model
        builder = floatInput ? ONNXBuilder() : ONNXNormalization(model.preprocessing).builder
        quantization =
            switch model.parameters {
            case .float32, .shared: nil
            case .int8(let weights): ONNXQuantization(weights, of: model.network)
            }
    }

    private mutating func graph(floatInput: Bool) -> Onnx_GraphProto {
        let (size, classes) = (model.network.inputSize, model.network.classes)
        let logits = addLayers(of: floatInput ? ONNXNormalization.input : ONNXNormalization.output)
        builder.add("Softmax", [logits], to: "probabilities", ["axis": .integer(1)])
        let order = model.preprocessing.channels == .rgb ? "red, green, blue" : "blue, green, red"
        return .with { graph in
            graph.name = model.network.architecture.rawValue
            graph.node = builder.nodes
            graph.initializer = builder.constants
            graph.input = [
                floatInput
                    ? Self.value(
                        ONNXNormalization.input, .float, [3, size, size],
                        "Pictures whose bytes are normalized as the metadata's preprocessing says, as planes: \(order)."
                    )
                    : Self.value(
                        ONNXNormalization.input, .uint8, [3, size, size],
                        "Pictures' bytes as three planes: red, green, blue. The graph normalizes them.")
            ]
            graph.output = [
                Self.value(logits, .float, [classes], "One for each class, in the order of the metadata's classes."),
                Self.value("probabilities", .float, [classes], "The logits' softmax."),
            ]
        }
    }

    /// What the graph takes or makes of a batch of any size.
    private static func value(
        _ name: String, _ type: ONNXBuilder.DataType, _ shape: [Int], _ text: String
    ) -> Onnx_ValueInfoProto {
        .with { value in
            value.name = name
            value.docString = text
            value.type.tensorType.elemType = type.rawValue
            value.type.tensorType.shape.dim =
                [.with { $0.dimParam = "N" }]
                + shape.map { side in
                    .with { $0.dimValue = Int64(side) }
                }
        }
    }

    /// Gives the logits.
    private mutating func addLayers(of input: String) -> String {
        var value = input
        if let quantization {
            quantization.addInput(input, to: &builder)
            quantization.addSteps(to: &builder)
            value = ONNXQuantization.input
        }
        /// What eight bits call the value.
        var activation = "input"
        // Of the fire module at hand.
        var (moduleInput, squeezed, halves, shortcut) = ((value: "", activation: ""), "", [String](), "")
        for layer in model.network.layers {
            switch (layer.kind, layer.name.split(separator: ".").last) {
            case (.convolution, "squeeze"):
                (moduleInput, shortcut, halves) = ((value, activation), value, [])
                squeezed = addRectified(layer, of: value, activation, as: layer.name)
                activation = layer.name
            case (.convolution, "expand1x1"):
                halves.append(addRectified(layer, of: squeezed, activation, as: layer.expanded))
            case (.convolution, "expand3x3"):
                halves.append(addRectified(layer, of: squeezed, activation, as: layer.expanded))
                value = builder.add("Concat", halves, to: layer.name + ".concat", ["axis": .integer(1)])
                activation = layer.expanded
            case (.convolution, "bypass"):
                shortcut = add(layer, of: moduleInput.value, moduleInput.activation)
                shortcut = quantization?.add(layer.name, of: shortcut, to: &builder) ?? shortcut
            case (.convolution, _):
                let isLast = layer.name == model.network.layers.last { $0.kind == .convolution }?.name
                value = addRectified(layer, of: value, activation, as: isLast ? nil : layer.name)
                activation = layer.name
            case (.add, _):
                value = builder.add("Add", [value, shortcut], to: layer.name)
                activation = layer.name
                value = quantization?.add(activation, of: value, to: &builder) ?? value
            case (.maxPool, _):
                value = builder.add(
                    "MaxPool", [value], to: layer.name,
                    [
                        "kernel_shape": .integers([layer.kernel, layer.kernel]),
                        "strides": .integers([layer.stride, layer.stride]),
                        "ceil_mode": .integer(layer.keepsLastWindow ? 1 : 0),
                    ])
            // It does nothing but in training.
            case (.dropout, _): break
            case (.averagePool, _): value = builder.add("GlobalAveragePool", [value], to: layer.name)
            }
        }
        return builder.add("Flatten", [value], to: "logits")
    }

    /// - Parameters:
    ///   - activation: what the value is.
    ///   - output: what comes of it; nil of scores, which are no bytes.
    private mutating func addRectified(
        _ layer: Network.Layer, of value: String, _ activation: String, as output: String?
    ) -> String {
        let value = builder.add("Relu", [add(layer, of: value, activation)], to: layer.name + ".relu")
        guard let quantization, let output else { return value }
        return quantization.add(output, of: value, to: &builder)
    }

    private mutating func add(_ layer: Network.Layer, of value: String, _ activation: String) -> String {
        let constants =
            quantization?.addParameters(of: layer.name, reading: activation, to: &builder)
            ?? [".weight", ".bias"].map { addParameter(layer.name + $0) }
        return builder.add(
            "Conv", [value] + constants, to: layer.name,
            [
                "kernel_shape": .integers([layer.kernel, layer.kernel]),
                "strides": .integers([layer.stride, layer.stride]),
                "pads": .integers([Int](repeating: layer.padding, count: 4)),
            ])
    }

    private mutating func addParameter(_ name: String) -> String {
        let parameter = model.network.parameters.first { $0.name == name }!
        return model.weights.withBytes(of: parameter) { builder.add(name, .float, shape: parameter.shape, $0) }
    }
}

extension Network.Layer {
    /// Whether a pool keeps the window that hangs over the edge, as with `ceil_mode`.
    var keepsLastWindow: Bool { kind == .maxPool && kernel == 3 }

    /// What eight bits call what both expand layers of a fire module write.
    fileprivate var expanded: String { name.split(separator: ".").dropLast().joined(separator: ".") + ".expand" }
}

extension Weights {
    /// The bytes of one tensor.
    func withBytes<Result>(
        of parameter: Network.Parameter, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let size = MemoryLayout<Float>.size
        let range = (parameter.offset * size)..<((parameter.offset + parameter.count) * size)
        return try withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}
