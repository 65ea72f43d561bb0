internal import Safetensors
internal import SqueezeNet

/// The tensors of a model of eight bits: a convolution's `weight`, `scale` and `bias`, and `activations`.
enum QuantizedTensors {
    private static let activations = "activations"

    /// A convolution's tensors, and where they are among all weights and all filters.
    private struct Convolution {
        let weight: Network.Parameter
        let bias: Network.Parameter
        let weights: Range<Int>
        let filters: Range<Int>

        var scale: String { String(weight.name.dropLast("weight".count)) + "scale" }
    }

    private static func convolutions(of network: Network) -> [Convolution] {
        var (weights, filters) = (0, 0)
        return stride(from: 0, to: network.parameters.count, by: 2).map { place in
            let (weight, bias) = (network.parameters[place], network.parameters[place + 1])
            defer { (weights, filters) = (weights + weight.count, filters + bias.count) }
            return Convolution(
                weight: weight, bias: bias, weights: weights..<weights + weight.count,
                filters: filters..<filters + bias.count)
        }
    }

    static func weights(of network: Network, in file: SafetensorsFile) throws -> QuantizedWeights {
        let convolutions = convolutions(of: network)
        let count = 3 * convolutions.count + 1
        guard file.tensors.count == count else {
            throw ModelFileError("it has \(file.tensors.count) tensors; of eight bits the network has \(count)")
        }
        func values<Value: BitwiseCopyable>(_ name: String, _ type: ElementType, _ shape: [Int], _: Value.Type) throws
            -> [Value]
        {
            guard let tensor = file.tensors[name] else { throw ModelFileError("it has no \(name)") }
            guard tensor.type == type, tensor.shape == shape else {
                throw ModelFileError(
                    "\(name) is \(tensor.type.rawValue) \(tensor.shape); right would be \(type.rawValue) \(shape)")
            }
            let bytes = file.bytes(of: tensor)
            return (0..<shape.reduce(1, *)).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self)
            }
        }
        var (weights, scales, biases) = ([Int8](), [Float](), [Int32]())
        for convolution in convolutions {
            weights += try values(convolution.weight.name, .int8, convolution.weight.shape, Int8.self)
            scales += try values(convolution.scale, .float32, convolution.bias.shape, Float.self)
            biases += try values(convolution.bias.name, .int32, convolution.bias.shape, Int32.self)
        }
        let steps = try values(activations, .float32, [network.activations.count], Float.self)
        return try QuantizedWeights(network, values: weights, scales: scales, biases: biases, steps: steps)
    }

    static func write(
        _ weights: QuantizedWeights, of network: Network, metadata: [String: String], to path: String
    ) throws {
        let convolutions = convolutions(of: network)
        let writer = try SafetensorsWriter(
            path: path,
            // What is larger than a byte first, so that it is aligned.
            tensors: convolutions.flatMap { convolution in
                [
                    TensorDeclaration(name: convolution.scale, type: .float32, shape: convolution.bias.shape),
                    TensorDeclaration(name: convolution.bias.name, type: .int32, shape: convolution.bias.shape),
                ]
            } + [TensorDeclaration(name: activations, type: .float32, shape: [weights.steps.count])]
                + convolutions.map { TensorDeclaration(name: $0.weight.name, type: .int8, shape: $0.weight.shape) },
            metadata: metadata)
        func write(_ values: ArraySlice<some BitwiseCopyable>, to name: String) throws {
            try values.withUnsafeBytes { try writer.write($0, to: name) }
        }
        for convolution in convolutions {
            try write(weights.scales[convolution.filters], to: convolution.scale)
            try write(weights.biases[convolution.filters], to: convolution.bias.name)
            try write(weights.values[convolution.weights], to: convolution.weight.name)
        }
        try write(weights.steps[...], to: activations)
        try writer.commit()
    }
}
