internal import SqueezeNet

/// The eight bits of a model as ONNX has them (QDQ): what is computed becomes a whole number and at once what that stands for, of the
/// same scales as here. A runtime may take the whole numbers instead, as onnxruntime does.
struct ONNXQuantization {
    /// What the node of that output takes: the engine's input is whole numbers too.
    static let input = "quantized"

    private let weights: QuantizedWeights
    private let convolutions: [String: QuantizedTensors.Convolution]
    private let steps: [String: ActivationStep]

    init(_ weights: QuantizedWeights, of network: Network) {
        self.weights = weights
        let all = QuantizedTensors.convolutions(of: network, bits: weights.bits)
        convolutions = Dictionary(uniqueKeysWithValues: all.map { ($0.layer, $0) })
        steps = Dictionary(uniqueKeysWithValues: zip(network.activations.map(\.name), weights.steps))
    }

    /// What a file calls an activation's step; a convolution's tensors are called as in ours.
    static func step(of activation: String) -> String { activation + ".step" }

    /// What a file calls the number that stands for an activation's zero where it is not 0.
    static func zero(of activation: String) -> String { activation + ".zero" }

    /// What comes between the normalization and the first convolution.
    func addInput(_ value: String, to builder: inout ONNXBuilder) {
        Self.addInput(value, step: steps["input"]!.size, to: &builder)
    }

    static func addInput(_ value: String, step: Float, to builder: inout ONNXBuilder) {
        let step = builder.add(Self.step(of: "input"), .float, shape: [], [step])
        let most = Float(QuantizedWeights.largestInput)
        let bounds = [("input.least", -most), ("input.most", most)].map {
            builder.add($0, .float, shape: [], [$1])
        }
        let whole = builder.add("Round", [builder.add("Div", [value, step], to: "input.steps")], to: "input.rounded")
        builder.add("Mul", [builder.add("Clip", [whole] + bounds, to: "input.whole"), step], to: Self.input)
    }

    /// The steps of all other activations, once.
    func addSteps(to builder: inout ONNXBuilder) {
        for (name, step) in steps.sorted(by: { $0.key < $1.key }) where name != "input" {
            _ = builder.add(Self.step(of: name), .float, shape: [], [step.size])
            if step.zero > 0 { _ = builder.add(Self.zero(of: name), .uint8, shape: [], [step.zero]) }
        }
        // Its type says what the largest activation is: a byte's largest number, without a sign or with one.
        switch weights.activationBits {
        case .seven: _ = builder.add(Self.zero, .int8, shape: [], [Int8(0)])
        case .eight: _ = builder.add(Self.zero, .uint8, shape: [], [UInt8(0)])
        }
    }

    private static let zero = "zero"

    /// Gives what the bytes of an activation stand for.
    func add(_ activation: String, of value: String, to builder: inout ONNXBuilder) -> String {
        let zero = steps[activation]!.zero > 0 ? Self.zero(of: activation) : Self.zero
        let step = [Self.step(of: activation), zero]
        let whole = builder.add("QuantizeLinear", [value] + step, to: value + ".whole")
        return builder.add("DequantizeLinear", [whole] + step, to: value + ".bytes")
    }

    /// Gives what a convolution's weights and biases stand for; it reads an activation.
    func addParameters(of layer: String, reading activation: String, to builder: inout ONNXBuilder) -> [String] {
        let convolution = convolutions[layer]!
        let scales = Array(weights.scales[convolution.filters])
        let units = scales.map { $0 * steps[activation]!.size }
        return [
            (
                builder.add(
                    convolution.weight.name, .int8, shape: convolution.weight.shape,
                    Array(weights.values[convolution.weights])),
                builder.add(convolution.scale, .float, shape: convolution.bias.shape, scales)
            ),
            (
                builder.add(
                    convolution.bias.name, .int32, shape: convolution.bias.shape,
                    Array(weights.biases[convolution.filters])),
                builder.add(layer + ".unit", .float, shape: convolution.bias.shape, units)
            ),
        ].map { whole, scale in
            builder.add("DequantizeLinear", [whole, scale], to: whole + ".value", ["axis": .integer(0)])
        }
    }
}
