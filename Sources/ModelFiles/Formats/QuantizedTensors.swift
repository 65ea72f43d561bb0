internal import Safetensors
internal import SqueezeNet

/// The tensors of a model of eight bits or fewer: a convolution's `weight`, `scale` and `bias`, `activations`, and `zeros` where some are
/// below zero.
enum QuantizedTensors {
    private static let activations = "activations"
    private static let zeros = "zeros"

    /// A convolution's tensors, and where they are among all weights and all filters.
    struct Convolution {
        let weight: Network.Parameter
        let bias: Network.Parameter
        let weights: Range<Int>
        let filters: Range<Int>
        /// Of its weights.
        let bits: Int

        /// Of eight bits as they are, of fewer one behind the other.
        var packed: (type: ElementType, shape: [Int]) {
            bits == 8 ? (.int8, weight.shape) : (.uint8, [(weight.count * bits + 7) / 8])
        }

        var layer: String { String(weight.name.dropLast(".weight".count)) }
        var scale: String { layer + ".scale" }
    }

    static func convolutions(of network: Network, bits: Int) -> [Convolution] {
        var (weights, filters) = (0, 0)
        return zip(network.convolutions, QuantizedWeights.layerBits(of: network, bits)).map { convolution, layer in
            let (weight, bias) = convolution
            defer { (weights, filters) = (weights + weight.count, filters + bias.count) }
            return Convolution(
                weight: weight, bias: bias, weights: weights..<weights + weight.count,
                filters: filters..<filters + bias.count, bits: layer.bits)
        }
    }

    static func weights(
        of network: Network, bits: Int, activationBits: QuantizedWeights.ActivationBits, in file: SafetensorsFile
    ) throws -> QuantizedWeights {
        let convolutions = convolutions(of: network, bits: bits)
        let activations = network.activations
        let isSigned = activations.contains(where: \.isSigned)
        var strangers = Set(file.tensors.keys)
        func values<Value: BitwiseCopyable>(_ name: String, _ type: ElementType, _ shape: [Int], _: Value.Type) throws
            -> [Value]
        {
            guard let tensor = file.tensors[name] else { throw ModelFileError("it has no \(name)") }
            strangers.remove(name)
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
            let packed = convolution.packed
            let bytes = try values(convolution.weight.name, packed.type, packed.shape, UInt8.self)
            weights += try PackedBits.unpacked(bytes, convolution.weight.count, bits: convolution.bits)
            scales += try values(convolution.scale, .float32, convolution.bias.shape, Float.self)
            biases += try values(convolution.bias.name, .int32, convolution.bias.shape, Int32.self)
        }
        let sizes = try values(Self.activations, .float32, [activations.count], Float.self)
        let zeros =
            isSigned ? try values(Self.zeros, .uint8, [activations.count], UInt8.self) : activations.map { _ in 0 }
        if let stranger = strangers.min() {
            throw ModelFileError("it has \(stranger), which the network in whole numbers does not have")
        }
        return try QuantizedWeights(
            network, bits: bits, activationBits: activationBits, values: weights, scales: scales, biases: biases,
            steps: zip(sizes, zeros).map { ActivationStep(size: $0, zero: $1) })
    }

    static func write(
        _ weights: QuantizedWeights, of network: Network, metadata: [String: String], to path: String
    ) throws {
        let convolutions = convolutions(of: network, bits: weights.bits)
        let (sizes, zeros) = (weights.steps.map(\.size), weights.steps.map(\.zero))
        let isSigned = zeros.contains { $0 > 0 }
        let writer = try SafetensorsWriter(
            path: path,
            // What is larger than a byte first, so that it is aligned.
            tensors: convolutions.flatMap { convolution in
                [
                    TensorDeclaration(name: convolution.scale, type: .float32, shape: convolution.bias.shape),
                    TensorDeclaration(name: convolution.bias.name, type: .int32, shape: convolution.bias.shape),
                ]
            } + [TensorDeclaration(name: activations, type: .float32, shape: [sizes.count])]
                + (isSigned ? [TensorDeclaration(name: Self.zeros, type: .uint8, shape: [zeros.count])] : [])
                + convolutions.map {
                    TensorDeclaration(name: $0.weight.name, type: $0.packed.type, shape: $0.packed.shape)
                },
            metadata: metadata)
        func write(_ values: ArraySlice<some BitwiseCopyable>, to name: String) throws {
            try values.withUnsafeBytes { try writer.write($0, to: name) }
        }
        for convolution in convolutions {
            try write(weights.scales[convolution.filters], to: convolution.scale)
            try write(weights.biases[convolution.filters], to: convolution.bias.name)
            let values = weights.values[convolution.weights]
            try write(PackedBits.packed(values, bits: convolution.bits)[...], to: convolution.weight.name)
        }
        try write(sizes[...], to: activations)
        if isSigned { try write(zeros[...], to: Self.zeros) }
        try writer.commit()
    }
}
