internal import SqueezeNet
internal import Varlink

/// A model's weights as `torch.save` writes a state dict, under torchvision's names. A member of our own beside PyTorch's, which
/// passes it over, has what a state dict has no place for: classes, preprocessing, and how the model was made.
enum TorchStateDict {
    /// What all members are in.
    private static let folder = "archive"
    static let metadataMember = "sqzd.json"

    static func file(of model: ModelFile, _ weights: Weights) throws -> [UInt8] {
        var zip = StoredZip()
        func add(_ name: String, _ bytes: some Sequence<UInt8>) {
            Array(bytes).withUnsafeBytes { zip.add("\(folder)/\(name)", $0) }
        }
        // PyTorch's order.
        add("data.pkl", pickle(of: model.network.parameters))
        add("byteorder", "little".utf8)
        for (index, parameter) in model.network.parameters.enumerated() {
            weights.withBytes(of: parameter) { zip.add("\(folder)/data/\(index)", $0) }
        }
        // That of archives which are no programs.
        add("version", "3\n".utf8)
        add(
            metadataMember,
            try JSON.encode(JSONValue.object(SafetensorsModel.metadata(of: model).mapValues { .string($0) })))
        return zip.finished()
    }

    /// An ordered dictionary of tensors, each with a storage of its own.
    private static func pickle(of parameters: [Network.Parameter]) -> [UInt8] {
        var pickle = PickleWriting()
        pickle.emptyDictionary()
        pickle.items {
            for (index, parameter) in parameters.enumerated() {
                $0.text(parameter.name)
                $0.call("torch._utils", "_rebuild_tensor_v2") { arguments in
                    arguments.persistent {
                        $0.text("storage")
                        $0.global("torch", "FloatStorage")
                        $0.text("\(index)")
                        $0.text("cpu")
                        $0.integer(parameter.count)
                    }
                    arguments.integer(0)
                    arguments.integers(parameter.shape)
                    // Contiguous, the last dimension first.
                    var strides: [Int] = []
                    var stride = 1
                    for side in parameter.shape.reversed() {
                        strides.insert(stride, at: 0)
                        stride *= side
                    }
                    arguments.integers(strides)
                    // It needs no gradient, and has no hooks.
                    arguments.falsehood()
                    arguments.emptyDictionary()
                }
            }
        }
        return pickle.finished()
    }
}

/// Writes the opcodes of a pickle, protocol 2, that a state dict needs.
private struct PickleWriting {
    private var bytes: [UInt8] = [0x80, 2]

    private mutating func add(_ opcode: Character, _ argument: some Sequence<UInt8> = []) {
        bytes.append(opcode.asciiValue!)
        bytes += argument
    }

    private mutating func tuple(_ body: (inout Self) -> Void) {
        add("(")
        body(&self)
        add("t")
    }

    mutating func text(_ text: String) {
        add("X", littleEndian(UInt32(text.utf8.count)))
        bytes += text.utf8
    }

    mutating func integer(_ value: Int) { add("J", littleEndian(Int32(value))) }

    mutating func integers(_ values: [Int]) { tuple { tuple in values.forEach { tuple.integer($0) } } }

    mutating func falsehood() { bytes.append(0x89) }

    mutating func global(_ module: String, _ name: String) { add("c", "\(module)\n\(name)\n".utf8) }

    mutating func call(_ module: String, _ name: String, _ arguments: (inout Self) -> Void) {
        global(module, name)
        tuple(arguments)
        add("R")
    }

    mutating func emptyDictionary() { call("collections", "OrderedDict") { _ in } }

    mutating func persistent(_ body: (inout Self) -> Void) {
        tuple(body)
        add("Q")
    }

    /// Sets keys and values, in turn, of the dictionary before.
    mutating func items(_ body: (inout Self) -> Void) {
        add("(")
        body(&self)
        add("u")
    }

    func finished() -> [UInt8] { bytes + [Character(".").asciiValue!] }
}
