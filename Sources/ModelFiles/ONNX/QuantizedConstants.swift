internal import SqueezeNet

/// The whole numbers of one of our exported graphs of eight bits, as `ONNXQuantization` writes them.
struct QuantizedConstants {
    private let constants: [String: Onnx_TensorProto]

    /// nil where the graph is not one of eight bits.
    init?(_ initializers: [Onnx_TensorProto]) {
        constants = Dictionary(initializers.map { ($0.name, $0) }) { first, _ in first }
        guard constants[ONNXQuantization.step(of: "input")] != nil else { return nil }
    }

    /// - Parameter bits: how many its weights have, each in a byte.
    func weights(
        of network: Network, bits: Int, activationBits: QuantizedWeights.ActivationBits
    ) throws -> QuantizedWeights {
        var (values, scales, biases) = ([Int8](), [Float](), [Int32]())
        for convolution in QuantizedTensors.convolutions(of: network, bits: bits) {
            values += try wholes(convolution.weight.name, convolution.weight.shape).map { whole in
                guard let value = Int8(exactly: whole) else {
                    throw ModelFileError("\(convolution.weight.name) has \(whole), which is no number of eight bits")
                }
                return value
            }
            scales += try floats(convolution.scale, convolution.bias.shape)
            biases += try wholes(convolution.bias.name, convolution.bias.shape)
        }
        let steps = try network.activations.map { activation in
            let size = try floats(ONNXQuantization.step(of: activation.name), [])[0]
            guard activation.isSigned else { return ActivationStep(size: size) }
            let zero = try wholes(ONNXQuantization.zero(of: activation.name), [])[0]
            guard let zero = UInt8(exactly: zero) else {
                throw ModelFileError("\(ONNXQuantization.zero(of: activation.name)) is \(zero), which is no byte")
            }
            return ActivationStep(size: size, zero: zero)
        }
        return try QuantizedWeights(
            network, bits: bits, activationBits: activationBits, values: values, scales: scales, biases: biases,
            steps: steps)
    }

    private func constant(_ name: String, _ shape: [Int]) throws -> ONNXConstant {
        guard let tensor = constants[name] else { throw ModelFileError("it has no \(name)") }
        let constant = try ONNXConstant(tensor)
        guard constant.shape == shape else {
            throw ModelFileError("\(name) is \(constant.shape.prefix(8)); right would be \(shape)")
        }
        return constant
    }

    private func wholes(_ name: String, _ shape: [Int]) throws -> [Int32] { try constant(name, shape).wholes() }

    private func floats(_ name: String, _ shape: [Int]) throws -> [Float] { try constant(name, shape).values() }

    /// The graph from its first convolution on. What comes before is known again by making it anew, as the normalization is.
    func withoutInput(_ graph: Onnx_GraphProto) throws -> Onnx_GraphProto {
        var made = ONNXBuilder()
        let step = try floats(ONNXQuantization.step(of: "input"), [])[0]
        ONNXQuantization.addInput(graph.input.first?.name ?? "", step: step, to: &made)
        guard graph.node.starts(with: made.nodes), made.constants.allSatisfy(graph.initializer.contains) else {
            throw ModelFileError("its first nodes do not make of pictures the whole numbers that its input.step says")
        }
        var rest = graph
        rest.node.removeFirst(made.nodes.count)
        rest.input[0].name = ONNXQuantization.input
        return rest
    }
}
