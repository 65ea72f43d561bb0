internal import Safetensors
internal import SqueezeNet

/// The file of "Deep Compression" (arXiv 1510.00149) with SqueezeNet 1.0 in it: for each of the 26 layers the number of its entries,
/// little-endian; then for each layer a codebook of 256 float32, the biases, a byte for each entry, and for each entry 4 bits that
/// say how many weights before it are those of code 0, the low half of a byte first.
///
/// Source: `decode.py` in github.com/songhan/SqueezeNet-Deep-Compression.
enum DeepCompression {
    static let format = ModelFormat(
        name: "Deep Compression's SqueezeNet 1.0",
        recognizes: { start in
            start.count == 16
                && zip(0..<4, layers).allSatisfy { (1...$1.weight.count).contains(number(in: start, at: 4 * $0)) }
        }, read: read)

    private typealias Layer = (weight: Network.Parameter, bias: Network.Parameter)

    private static let layers: [Layer] = {
        do {
            return try Network(.squeezenet10, classes: 1_000, inputSize: 227).convolutions
        } catch { preconditionFailure("\(error)") }
    }()

    private static let codes = 256
    private static let longestRun = 15
    /// One without a single empty run; the paper's file has a third of it.
    private static let largestFile = 4 << 20

    private static func number(in bytes: some Collection<UInt8>, at offset: Int) -> Int {
        bytes.dropFirst(offset).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private static func read(_ path: String) throws -> ForeignModel {
        let file = try MappedBytes(path: path)
        guard file.bytes.count <= largestFile else {
            throw ModelFileError(
                "it has \(file.bytes.count) bytes; SqueezeNet 1.0 compressed has at most \(largestFile)")
        }
        var rest = file.bytes[...]
        func take(_ count: Int, _ what: String) throws -> UnsafeRawBufferPointer {
            guard count <= rest.count else {
                throw ModelFileError("it ends within \(what), of which \(rest.count) of \(count) bytes are there")
            }
            defer { rest = rest.dropFirst(count) }
            return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        }
        let counts = try take(4 * layers.count, "the numbers of its layers' entries")
        var tensors: [ForeignTensor] = []
        for (index, layer) in layers.enumerated() {
            let name = layer.weight.name
            let count = number(in: counts, at: 4 * index)
            guard (1...layer.weight.count).contains(count) else {
                throw ModelFileError("\(name) has \(count) entries; right would be 1 to \(layer.weight.count)")
            }
            let codebook = Element.float32.values(in: try take(4 * codes, "the codebook of \(name)"))
            let bias = Element.float32.values(in: try take(4 * layer.bias.count, layer.bias.name))
            let entries = try take(count, "the entries of \(name)")
            let runs = try take((count + 1) / 2, "the run lengths of \(name)")
            var values = [Float](repeating: codebook[0], count: layer.weight.count)
            var place = -1
            for entry in 0..<count {
                place += 1 + Int(entry % 2 == 0 ? runs[entry / 2] & 15 : runs[entry / 2] >> 4)
                guard place < values.count else {
                    throw ModelFileError("the run lengths of \(name) lead past its \(values.count) weights")
                }
                values[place] = codebook[Int(entries[entry])]
            }
            for (parameter, values) in [(layer.weight, values), (layer.bias, bias)] {
                tensors.append(
                    ForeignTensor(name: parameter.name, type: "F32", shape: parameter.shape) { values })
            }
        }
        guard rest.isEmpty else { throw ModelFileError("\(rest.count) bytes come after its last layer") }
        // Source: `conv10` in SqueezeNet_v1.0/deploy.prototxt of github.com/forresti/SqueezeNet.
        return ForeignModel(
            origin: "Caffe's networks", tensors: tensors, usual: .caffe, classifierPadding: 1)
    }

    /// The file of any of our networks whose layers have few numbers each, as `sqzctl compress` makes them: the paper's decoder takes the
    /// layers as the network that it is given has them.
    /// - Throws: `ModelFileError` where a layer has more than 255 different numbers beside zero.
    static func file(of network: Network, _ weights: Weights) throws -> [UInt8] {
        let shared = try SharedWeights(sharing: weights, of: network, bits: SharedWeights.allowedBits.upperBound)
        guard shared.weights(of: network) == weights else {
            throw ModelFileError(
                "its layers have more than \(codes - 1) different numbers; right would be a model that sqzctl compress made"
            )
        }
        let entries = shared.entries(of: network, longestRun: longestRun)
        var bytes = entries.flatMap { littleEndian(UInt32($0.codes.count)) }
        for (layer, (codebook, entries)) in zip(network.convolutions, zip(shared.codebooks, entries)) {
            let numbers = [0] + codebook + [Float](repeating: 0, count: codes - 1 - codebook.count)
            bytes += numbers.flatMap { littleEndian($0.bitPattern) }
            bytes += weights.values[layer.bias.range].flatMap { littleEndian($0.bitPattern) }
            bytes += entries.codes
            bytes += stride(from: 0, to: entries.runs.count, by: 2).map {
                entries.runs[$0] | ($0 + 1 < entries.runs.count ? entries.runs[$0 + 1] << 4 : 0)
            }
        }
        return bytes
    }
}
