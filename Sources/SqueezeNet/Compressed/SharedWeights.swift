/// A network's parameters in few numbers: of each convolution's weights many are zero, and the others are those of its codebook (Han et
/// al., Deep Compression, arXiv 1510.00149). Computed with in single precision, as they stand for it.
public struct SharedWeights: Sendable, Equatable {
    /// Of a code.
    public static let allowedBits = 2...8

    /// Of the weights of all convolutions in the order of `Network.parameters`: 0 is zero, n the codebook's n-th number.
    public let codes: [UInt8]
    /// Each convolution's numbers.
    public let codebooks: [[Float]]
    /// Of all convolutions.
    public let biases: [Float]

    /// - Throws: `EngineError.quantization` where they are not this network's, or a number is not finite.
    public init(
        _ network: Network, codes: [UInt8], codebooks: [[Float]], biases: [Float]
    ) throws(EngineError) {
        let convolutions = network.convolutions
        let (weights, filters) = (
            convolutions.reduce(0) { $0 + $1.weight.count }, convolutions.reduce(0) { $0 + $1.bias.count }
        )
        guard codes.count == weights, biases.count == filters, codebooks.count == convolutions.count else {
            throw .quantization(
                """
                this network has \(weights) weights, \(filters) biases and \(convolutions.count) convolutions; given are \(codes.count) \
                codes, \(biases.count) biases and \(codebooks.count) codebooks
                """)
        }
        var first = 0
        for ((weight, _), codebook) in zip(convolutions, codebooks) {
            guard codebook.count < 1 << Self.allowedBits.upperBound else {
                throw .quantization(
                    "\(weight.name)'s codebook has \(codebook.count) numbers; right would be at most 255")
            }
            if let stranger = codes[first..<first + weight.count].first(where: { Int($0) > codebook.count }) {
                throw .quantization("\(weight.name) has the code \(stranger); right would be 0 to \(codebook.count)")
            }
            first += weight.count
        }
        guard biases.allSatisfy(\.isFinite), codebooks.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw .quantization("some of its numbers are not finite")
        }
        self.codes = codes
        self.codebooks = codebooks
        self.biases = biases
    }

    /// Weights of zero stay zero, the others get the nearest of so many numbers (`Codebook`). Of the first and the last layer, which lose
    /// most, they are four times as many where the layer has few of the weights: not of ImageNet's classifier, which has two fifths.
    /// - Parameters:
    ///   - bits: of a code.
    ///   - original: what the weights were before some became zero.
    ///   - compensations: the layers', as `Calibration` finds them, for what zeros and numbers do to the sums of `original`; where there
    ///     is none, each weight gets the nearest number.
    public init(
        sharing weights: Weights, of network: Network, bits: Int, standingFor original: Weights? = nil,
        compensations: [Compensation?]? = nil
    ) throws(EngineError) {
        precondition(Self.allowedBits.contains(bits) && weights.values.count == network.parameterCount)
        guard weights.areFinite else { throw .quantization("some of its weights are not finite") }
        let original = original ?? weights
        var (codes, codebooks, biases) = ([UInt8](), [[Float]](), [Float]())
        for (place, (weight, bias)) in network.convolutions.enumerated() {
            let own = weights.values[weight.range]
            let isOuter = place == 0 || place == network.convolutions.count - 1
            let isSmall = weight.count * 32 <= network.parameterCount
            let bits = isOuter && isSmall ? min(bits + 2, Self.allowedBits.upperBound) : bits
            let codebook = Codebook(of: own.filter { $0 != 0 }, count: 1 << bits - 1)
            codebooks.append(codebook.numbers)
            func code(_ weight: Float, for wanted: Float) -> UInt8 {
                weight == 0 ? 0 : UInt8(1 + codebook.nearest(to: wanted))
            }
            guard let compensation = compensations?[place] else {
                codes += own.map { code($0, for: $0) }
                biases += weights.values[bias.range]
                continue
            }
            let each = weight.count / bias.count
            for (start, bias) in zip(stride(from: weight.offset, to: weight.range.upperBound, by: each), bias.range) {
                var filter = compensation.filter(original.values[start..<start + each], bias: original.values[bias])
                for place in 0..<each {
                    let code = code(own[start + place], for: Float(filter.best(place)))
                    codes.append(code)
                    filter.decide(place, code == 0 ? 0 : codebook.numbers[Int(code) - 1])
                }
                biases.append(Float(filter.bias))
            }
        }
        try self.init(network, codes: codes, codebooks: codebooks, biases: biases)
    }

    /// The numbers that these stand for.
    public func weights(of network: Network) -> Weights {
        var values = [Float](repeating: 0, count: network.parameterCount)
        forEach(network) { place, code, convolution in
            if code > 0 { values[place] = codebooks[convolution][Int(code) - 1] }
        }
        var first = 0
        for (_, bias) in network.convolutions {
            values.replaceSubrange(bias.range, with: biases[first..<first + bias.count])
            first += bias.count
        }
        return Weights(values: values)
    }

    /// That each weight goes on to be the number that it is, whatever number that becomes.
    public func constraint(of network: Network) -> Constraint {
        var starts: [Int] = [1]
        for codebook in codebooks { starts.append(starts.last! + codebook.count) }
        var numbers = [Int32](repeating: Constraint.free, count: network.parameterCount)
        forEach(network) { place, code, convolution in
            numbers[place] = code == 0 ? 0 : Int32(starts[convolution] + Int(code) - 1)
        }
        return .shared(numbers)
    }

    /// With the numbers that weights have which were trained under `constraint(of:)`.
    public func following(_ weights: Weights, of network: Network) throws(EngineError) -> SharedWeights {
        var codebooks = codebooks
        forEach(network) { place, code, convolution in
            if code > 0 { codebooks[convolution][Int(code) - 1] = weights.values[place] }
        }
        let biases = network.convolutions.flatMap { weights.values[$0.bias.range] }
        return try Self(network, codes: codes, codebooks: codebooks, biases: biases)
    }

    /// As `Weights.scalingLogits`.
    public func scalingLogits(_ network: Network, by factor: Float) throws(EngineError) -> SharedWeights {
        try following(weights(of: network).scalingLogits(network, by: factor), of: network)
    }

    /// The share of the weights that are zero.
    public var sparsity: Double { Double(codes.count { $0 == 0 }) / Double(codes.count) }

    /// Of the codes of the convolution with the most.
    public var bits: Int {
        let most = codebooks.lazy.map(\.count).max() ?? 0
        return Self.allowedBits.first { most < 1 << $0 }!
    }

    /// Calls `body` with each weight's place among the values, its code and its convolution.
    private func forEach(_ network: Network, _ body: (_ place: Int, _ code: UInt8, _ convolution: Int) -> Void) {
        var first = 0
        for (convolution, layer) in network.convolutions.enumerated() {
            for place in layer.weight.range { body(place, codes[first + place - layer.weight.offset], convolution) }
            first += layer.weight.count
        }
    }
}
