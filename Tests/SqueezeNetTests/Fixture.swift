import FoundationEssentials
import SqueezeNet
import Testing

/// What `make_fixtures.py` found for one network.
struct Fixture: Decodable, Sendable {
    struct Tensor: Decodable, Sendable {
        var name: String
        var shape: [Int]
        /// Euclidean norm of the gradient, in double precision.
        var norm: Double
        /// PyTorch's own error in single precision, relative to the norm.
        var torchError: Double
    }

    var architecture: Architecture
    var bypass: Bypass
    var classes: Int
    var size: Int
    var seed: UInt64
    var epoch: Int
    var labels: [Int]
    var logits: [Double]
    var torchLogitError: Double
    var loss: Double
    var dropoutLoss: Double
    /// Whether the gradients are stored whole; else at most `samples` of each tensor are.
    var isFull: Bool
    var samples: Int
    var tensors: [Tensor]
    var probabilities: [Double]?
    var adamLosses: [Double]?
    /// How far ten Adam steps go astray, relative to the weights, when every gradient is off by three times PyTorch's error.
    var adamNoise: [Double]?

    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/engine")

    static let names = [
        "squeezenet-cifar-none-10-32", "squeezenet-cifar-simple-7-24", "squeezenet-cifar-complex-100-33",
        "squeezenet-1.0-none-10-32", "squeezenet-1.0-simple-10-67", "squeezenet-1.0-complex-1000-80",
        "squeezenet-1.1-none-1000-79", "squeezenet-1.1-simple-10-32", "squeezenet-1.1-complex-17-64",
        "squeezenet-1.0-none-1000-224", "squeezenet-1.1-none-1000-224",
    ]

    init(_ name: String) throws {
        let data = try Data(contentsOf: Self.directory.appending(path: "\(name).json"))
        self = try JSONDecoder().decode(Fixture.self, from: data)
    }

    static func floats(_ name: String) throws -> [Float] {
        let data = try Data(contentsOf: directory.appending(path: "\(name).bin"))
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }

    func network() throws -> Network {
        try Network(architecture, bypass: bypass, classes: classes, inputSize: size)
    }

    /// Every `stride`-th value of a tensor is stored.
    func sampleDistance(of tensor: Tensor) -> Int {
        let count = tensor.shape.reduce(1, *)
        return isFull ? 1 : (count + samples - 1) / samples
    }

    /// Glorot-uniform weights; biases uniform in [-0.1, 0.1) so that they show.
    func weights() throws -> Weights {
        let network = try network()
        var values = Weights(glorotUniformFor: network, seed: seed).values
        for (index, parameter) in network.parameters.enumerated() where parameter.shape.count == 1 {
            let random = CounterRandom(seed: seed, purpose: .weights, epoch: 0, index: index)
            for offset in 0..<parameter.count {
                values[parameter.offset + offset] = 0.1 * (2 * random.uniform(at: offset) - 1)
            }
        }
        return try Weights(network, values: values)
    }

    func pictures() -> Pictures { Pictures(count: labels.count, size: size) }
}

/// Random pictures, the same as the Python side's.
struct Pictures {
    let size: Int
    private(set) var bytes: [[UInt8]]

    init(count: Int, size: Int, first: Int = 0) {
        self.size = size
        bytes = (first..<first + count).map { Self.picture($0, size: size) }
    }

    static func picture(_ index: Int, size: Int) -> [UInt8] { picture(index, width: size, height: size) }

    static func picture(_ index: Int, width: Int, height: Int) -> [UInt8] {
        let random = CounterRandom(seed: 0, purpose: .picture, epoch: 0, index: index)
        let count = 3 * width * height
        var bytes: [UInt8] = []
        for block in 0..<(count + 15) / 16 {
            let words = random.words(block: block)
            for word in [words.0, words.1, words.2, words.3] {
                for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
            }
        }
        return Array(bytes[..<count])
    }

    /// The pictures, valid inside `body`.
    func withPictures<Result>(_ body: ([Picture]) throws -> Result) rethrows -> Result {
        let each = 3 * size * size
        return try bytes.flatMap(\.self).withUnsafeBytes { all in
            try body(
                bytes.indices.map {
                    Picture(
                        planes: UnsafeRawBufferPointer(rebasing: all[$0 * each..<($0 + 1) * each]), width: size,
                        height: size)
                })
        }
    }

    /// Examples with these labels, whose indices are their places.
    func withExamples<Result>(_ labels: [Int], _ body: ([Example]) throws -> Result) rethrows -> Result {
        try withPictures { pictures in
            try body(zip(pictures, labels).enumerated().map { Example(picture: $1.0, label: $1.1, index: $0) })
        }
    }
}

/// Euclidean length of a difference, and of the second operand.
func distance(_ a: some Collection<Float>, _ b: some Collection<Float>) -> (error: Double, norm: Double) {
    var error = 0.0
    var norm = 0.0
    for (x, y) in zip(a, b) {
        error += (Double(x) - Double(y)) * (Double(x) - Double(y))
        norm += Double(y) * Double(y)
    }
    return (error.squareRoot(), norm.squareRoot())
}
