internal import Safetensors
internal import SqueezeNet

/// The tensors of a model whose weights are few numbers. Of each convolution only the weights that are not zero are there, as entries: how
/// many zeros are before it, and its code.
///
/// | tensor | type | |
/// |---|---|---|
/// | `codebooks` | F32 | all convolutions' numbers |
/// | `biases` | F32 | all convolutions' |
/// | `entries` | I32 | how many each convolution has |
/// | `numbers` | U8 | how many its codebook has |
/// | `codes` | U8 | a byte an entry, Huffman-coded (`HuffmanCoded`) |
/// | `runs` | U8 | the same of the zeros before it; 255 of them and code 0 are 256 zeros |
enum SharedTensors {
    private static let longestRun = 255

    /// Those of some weights.
    struct Entries {
        private(set) var codes: [UInt8] = []
        private(set) var runs: [UInt8] = []

        /// - Parameter longestRun: the most zeros that an entry says; one with code 0 is one more.
        init(_ codes: some Collection<UInt8>, longestRun: Int) {
            var zeros = 0
            for code in codes {
                guard code != 0 || zeros == longestRun else {
                    zeros += 1
                    continue
                }
                self.codes.append(code)
                runs.append(UInt8(zeros))
                zeros = 0
            }
        }
    }

    private static func declarations(
        of network: Network, numbers: Int, codes: Int, runs: Int
    ) -> [TensorDeclaration] {
        let convolutions = network.convolutions
        // What is larger than a byte first, so that it is aligned.
        return [
            TensorDeclaration(name: "codebooks", type: .float32, shape: [numbers]),
            TensorDeclaration(
                name: "biases", type: .float32, shape: [convolutions.reduce(0) { $0 + $1.bias.count }]),
            TensorDeclaration(name: "entries", type: .int32, shape: [convolutions.count]),
            TensorDeclaration(name: "numbers", type: .uint8, shape: [convolutions.count]),
            TensorDeclaration(name: "codes", type: .uint8, shape: [codes]),
            TensorDeclaration(name: "runs", type: .uint8, shape: [runs]),
        ]
    }

    static func write(
        _ weights: SharedWeights, of network: Network, metadata: [String: String], to path: String
    ) throws {
        let tensors = tensors(weights, of: network)
        let writer = try SafetensorsWriter(path: path, tensors: tensors.map(\.declaration), metadata: metadata)
        for (declaration, bytes) in tensors { try bytes.withUnsafeBytes { try writer.write($0, to: declaration.name) } }
        try writer.commit()
    }

    static func fileSize(_ weights: SharedWeights, of network: Network, metadata: [String: String]) throws -> Int {
        try SafetensorsHeader.fileSize(tensors(weights, of: network).map(\.declaration), metadata: metadata)
    }

    private static func tensors(
        _ weights: SharedWeights, of network: Network
    ) -> [(declaration: TensorDeclaration, bytes: [UInt8])] {
        let entries = weights.entries(of: network, longestRun: longestRun)
        let codebooks = weights.codebooks.flatMap { $0 }
        let (codes, runs) = (
            HuffmanCoded.bytes(of: entries.flatMap(\.codes)), HuffmanCoded.bytes(of: entries.flatMap(\.runs))
        )
        func bytes(_ values: [some BitwiseCopyable]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        return Array(
            zip(
                declarations(of: network, numbers: codebooks.count, codes: codes.count, runs: runs.count),
                [
                    bytes(codebooks), bytes(weights.biases), bytes(entries.map { Int32($0.codes.count) }),
                    weights.codebooks.map { UInt8($0.count) }, codes, runs,
                ])
        ).map { (declaration: $0, bytes: $1) }
    }

    static func weights(of network: Network, in file: SafetensorsFile) throws -> SharedWeights {
        func count(_ name: String) throws -> Int {
            guard let tensor = file.tensors[name] else { throw ModelFileError("it has no \(name)") }
            guard tensor.shape.count == 1 else {
                throw ModelFileError("\(name) is \(tensor.shape); right would be one row")
            }
            return tensor.shape[0]
        }
        let wanted = declarations(
            of: network, numbers: try count("codebooks"), codes: try count("codes"), runs: try count("runs"))
        guard file.tensors.count == wanted.count else {
            throw ModelFileError("it has \(file.tensors.count) tensors; of few numbers it would be \(wanted.count)")
        }
        func values<Value: BitwiseCopyable>(_ place: Int, _: Value.Type) throws -> [Value] {
            let (name, type, shape) = (wanted[place].name, wanted[place].type, wanted[place].shape)
            guard let tensor = file.tensors[name], tensor.type == type, tensor.shape == shape else {
                throw ModelFileError("\(name) is not there as \(type.rawValue) \(shape)")
            }
            let bytes = file.bytes(of: tensor)
            return (0..<shape[0]).map {
                bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self)
            }
        }
        let (codebooks, biases) = (try values(0, Float.self), try values(1, Float.self))
        let (counts, numbers) = (try values(2, Int32.self).map(Int.init), try values(3, UInt8.self).map(Int.init))
        guard numbers.reduce(0, +) == codebooks.count else {
            throw ModelFileError("its codebooks have \(codebooks.count) numbers, and say \(numbers.reduce(0, +))")
        }
        for ((weight, _), count) in zip(network.convolutions, counts) where !(0...weight.count).contains(count) {
            throw ModelFileError("\(weight.name) has \(count) entries; right would be 0 to \(weight.count)")
        }
        let all = counts.reduce(0, +)
        let codes = try HuffmanCoded.decoded(try values(4, UInt8.self), all, "codes")
        let runs = try HuffmanCoded.decoded(try values(5, UInt8.self), all, "runs")
        var (own, books) = ([UInt8](), [[Float]]())
        var (entry, number) = (0, 0)
        for (layer, (count, length)) in zip(network.convolutions, zip(counts, numbers)) {
            let end = own.count + layer.weight.count
            for place in entry..<entry + count {
                own.append(contentsOf: repeatElement(0, count: Int(runs[place])))
                own.append(codes[place])
                guard own.count <= end else {
                    throw ModelFileError("the runs of \(layer.weight.name) lead past its \(layer.weight.count) weights")
                }
            }
            own.append(contentsOf: repeatElement(0, count: end - own.count))
            books.append(Array(codebooks[number..<number + length]))
            (entry, number) = (entry + count, number + length)
        }
        return try SharedWeights(network, codes: own, codebooks: books, biases: biases)
    }
}

extension SharedWeights {
    /// Each convolution's.
    func entries(of network: Network, longestRun: Int) -> [SharedTensors.Entries] {
        var first = 0
        return network.convolutions.map { weight, _ in
            defer { first += weight.count }
            return SharedTensors.Entries(codes[first..<first + weight.count], longestRun: longestRun)
        }
    }
}
