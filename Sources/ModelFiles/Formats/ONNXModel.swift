internal import FoundationEssentials
internal import SqueezeNet
internal import SwiftProtobuf
internal import Varlink

/// An ONNX graph that is one of our networks, as PyTorch, tf2onnx and others export them.
enum ONNXModel {
    static let format = ModelFormat(
        name: "ONNX",
        // ir_version, a small number, then a field of ModelProto with bytes; or the graph at once.
        recognizes: { start in
            start.count == 16 && start[0] == 0x08 && (1...32).contains(start[1])
                && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].contains(start[2])
        }, read: read)

    private static func read(_ path: String) throws -> ForeignModel {
        let file = try MappedBytes(path: path)
        guard file.bytes.count <= ModelFileLimits.onnxBytes else {
            throw ModelFileError(
                "it has \(file.bytes.count) bytes; ONNX files of at most \(ModelFileLimits.onnxBytes) are read")
        }
        let model: Onnx_ModelProto
        do {
            var options = BinaryDecodingOptions()
            options.messageDepthLimit = ModelFileLimits.onnxDepth
            options.discardUnknownFields = true
            model = try Onnx_ModelProto(serializedBytes: Data(file.bytes), options: options)
        } catch is BinaryDecodingError { throw ModelFileError("it is not a whole ONNX file") }
        guard model.hasGraph else { throw ModelFileError("it has no graph, as ONNX files have") }
        let metadata = Dictionary(model.metadataProps.map { ($0.key, $0.value) }) { first, _ in first }
        let isOurs = SafetensorsModel.isOwn(metadata)
        let quantized = isOurs ? QuantizedConstants(model.graph.initializer) : nil
        var nodes = isOurs ? try withoutNormalization(model.graph, metadata) : model.graph
        if let quantized { nodes = try quantized.withoutInput(nodes) }
        let graph = try ONNXGraph(nodes)
        let origin = Origin(producer: model.producerName, inputSize: graph.inputSize)
        let reading = try ONNXReading(graph, usualSize: 224)
        var foreign = ForeignModel(
            origin: origin.rawValue, tensors: reading.tensors, usual: origin.usual, windows: reading.windows,
            classifierPadding: reading.classifierPadding, metadata: isOurs ? metadata : nil)
        if let quantized {
            foreign.fewBits = { try quantized.weights(of: $0, bits: $1, activationBits: $2) }
            foreign.check = { try ONNXWriting.check(model.graph, $0) }
        } else if graph.isQuantized {
            foreign.isRemade = isOurs
            // Such programs leave their own keys.
            foreign.metadata = foreign.metadata.map(SafetensorsModel.known)
            foreign.remarks.append(Self.dequantized)
        }
        return foreign
    }

    private static let dequantized =
        "the file is of eight bits, and this model has what its weights stand for; sqzctl quantize makes eight bits of it"

    /// What converted or exported the file, as far as it tells what pictures usually go through.
    private enum Origin: String {
        case keras = "Keras' networks"
        case caffe = "Caffe's networks"
        case torch = "PyTorch's networks"

        init(producer: String, inputSize: Int?) {
            self = inputSize == 227 ? .caffe : producer.hasPrefix("tf2onnx") ? .keras : .torch
        }

        var usual: UsualPreprocessing {
            switch self {
            case .keras: .keras
            case .caffe: .caffe
            case .torch: .torchvision
            }
        }
    }

    /// A graph that we have exported, from its first convolution on. What comes before is known again by making it anew of what the
    /// metadata say.
    private static func withoutNormalization(
        _ graph: Onnx_GraphProto, _ metadata: [String: String]
    ) throws -> Onnx_GraphProto {
        // One of normalized pictures has nothing before.
        guard graph.input.first?.type.tensorType.elemType != ONNXBuilder.DataType.float.rawValue else { return graph }
        let preprocessing: Preprocessing
        do throws(JSONError) {
            preprocessing = try JSON.decode(
                Preprocessing.self, from: Array((metadata["preprocessing"] ?? "").utf8), unknownKeys: .refuse)
        } catch { throw ModelFileError(error.sentence(about: "its preprocessing")) }
        let normalization = ONNXNormalization(preprocessing).builder
        guard graph.node.starts(with: normalization.nodes), graph.input.map(\.name) == [ONNXNormalization.input],
            normalization.constants.allSatisfy(graph.initializer.contains)
        else {
            guard !graph.node.contains(where: \.isOfEightBits) else {
                throw ModelFileError(
                    "another program made eight bits of it, of the nodes before its first convolution too; right would be to do that "
                        + "with what model export --float-input writes, or by sqzctl quantize")
            }
            throw ModelFileError("its first nodes do not make of pictures what its metadata's preprocessing says")
        }
        var rest = graph
        rest.node.removeFirst(normalization.nodes.count)
        rest.input[0].name = ONNXNormalization.output
        return rest
    }
}
