internal import FoundationEssentials
internal import SwiftProtobuf

/// A tensor that stands in an ONNX file.
struct ONNXConstant {
    let name: String
    let shape: [Int]
    private let tensor: Onnx_TensorProto
    /// Whether its one number stands for all.
    private let isFilled: Bool

    /// The numbers of `TensorProto.DataType`.
    private enum DataType: Int32 {
        case float = 1
        case int64 = 7
        case float16 = 10
        case double = 11
        case bfloat16 = 16
    }

    init(_ tensor: Onnx_TensorProto) throws {
        name = tensor.name
        guard tensor.dataLocation == 0 else {
            throw ModelFileError(
                "\(name.prefix(120)) has its numbers in another file; export with all in one (external_data=False)")
        }
        guard tensor.dims.count <= 8, tensor.dims.allSatisfy({ (0...Int64(UInt32.max)).contains($0) }) else {
            throw ModelFileError("\(name.prefix(120)) has a shape that no tensor has")
        }
        shape = tensor.dims.map(Int.init)
        self.tensor = tensor
        isFilled = false
    }

    /// What a ConstantOfShape makes: nothing but the number of `value`, in a shape.
    init(name: String, filledWith value: Onnx_TensorProto, shape: [Int]) throws {
        guard value.dims == [1] || value.dims.isEmpty, shape.count <= 8,
            shape.allSatisfy({ (0...Int(UInt32.max)).contains($0) })
        else {
            throw ModelFileError(
                "\(name.prefix(120)) is filled with what is no number, or has a shape that no tensor has")
        }
        self.name = name
        self.shape = shape
        tensor = value
        isFilled = true
    }

    /// How many numbers its shape has; nil where no memory could hold them.
    var count: Int? {
        shape.reduce(1) { count, dimension in
            count.flatMap { $0.multipliedReportingOverflow(by: dimension).overflow ? nil : $0 * dimension }
        }
    }

    /// As floats.
    func values() throws -> [Float] {
        let values: [Float]
        switch DataType(rawValue: tensor.dataType) {
        case .float: values = tensor.floatData.isEmpty ? raw(.float32) : tensor.floatData
        case .double: values = tensor.doubleData.isEmpty ? raw(.float64) : tensor.doubleData.map(Float.init)
        case .float16: values = tensor.int32Data.isEmpty ? raw(.float16) : halves(.float16)
        case .bfloat16: values = tensor.int32Data.isEmpty ? raw(.bfloat16) : halves(.bfloat16)
        case .int64, nil:
            throw ModelFileError(
                "\(name.prefix(120)) is of ONNX's type \(tensor.dataType); right would be float, double, float16 or bfloat16"
            )
        }
        if isFilled, values.count == 1, let count {
            return [Float](repeating: values[0], count: count)
        }
        guard values.count == count else {
            throw ModelFileError("\(name.prefix(120)) has \(values.count) numbers; its shape is \(shape)")
        }
        return values
    }

    /// As integers; nil where it is none.
    var integers: [Int]? {
        guard tensor.dataType == DataType.int64.rawValue, !isFilled else { return nil }
        if !tensor.int64Data.isEmpty { return tensor.int64Data.map(Int.init) }
        return tensor.rawData.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count - 7, by: 8).map {
                Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self)))
            }
        }
    }

    private func raw(_ element: Element) -> [Float] { tensor.rawData.withUnsafeBytes { element.values(in: $0) } }

    /// Each in the lower half of 32 bits.
    private func halves(_ element: Element) -> [Float] {
        tensor.int32Data.map { UInt16(truncatingIfNeeded: $0) }.withUnsafeBytes { element.values(in: $0) }
    }
}
