internal import FoundationEssentials

/// Nodes and constants of an ONNX graph in the making. A value is known by its name.
struct ONNXBuilder {
    private(set) var nodes: [Onnx_NodeProto] = []
    private(set) var constants: [Onnx_TensorProto] = []

    /// The numbers of `TensorProto.DataType`.
    enum DataType: Int32 {
        case float = 1
        case uint8 = 2
        case int8 = 3
        case int32 = 6
        case int64 = 7
        case double = 11
    }

    enum Attribute {
        case integer(Int)
        case integers([Int])

        fileprivate func proto(_ name: String) -> Onnx_AttributeProto {
            var attribute = Onnx_AttributeProto()
            attribute.name = name
            // The numbers of `AttributeProto.AttributeType`.
            switch self {
            case .integer(let value): (attribute.type, attribute.i) = (2, Int64(value))
            case .integers(let values): (attribute.type, attribute.ints) = (7, values.map(Int64.init))
            }
            return attribute
        }
    }

    /// Adds a node with one output, and gives that.
    @discardableResult
    mutating func add(
        _ type: String, _ inputs: [String], to output: String, _ attributes: KeyValuePairs<String, Attribute> = [:]
    ) -> String {
        var node = Onnx_NodeProto()
        node.opType = type
        node.name = output
        node.input = inputs
        node.output = [output]
        node.attribute = attributes.map { $1.proto($0) }
        nodes.append(node)
        return output
    }

    /// Adds a constant of little-endian bytes, and gives its name.
    mutating func add(_ name: String, _ type: DataType, shape: [Int], _ bytes: UnsafeRawBufferPointer) -> String {
        var tensor = Onnx_TensorProto()
        tensor.name = name
        tensor.dataType = type.rawValue
        tensor.dims = shape.map(Int64.init)
        tensor.rawData = Data(bytes)
        constants.append(tensor)
        return name
    }

    mutating func add<Number>(_ name: String, _ type: DataType, shape: [Int], _ values: [Number]) -> String {
        values.withUnsafeBytes { add(name, type, shape: shape, $0) }
    }
}
