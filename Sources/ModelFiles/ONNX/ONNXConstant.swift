internal import FoundationEssentials
internal import SwiftProtobuf

/// A tensor that stands in an ONNX file.
struct ONNXConstant {
    let name: String
    let shape: [Int]
    private let tensor: Onnx_TensorProto
    /// Whether its one number stands for all.
    private let isFilled: Bool
    /// What its whole numbers stand for; nil where they are the numbers.
    private var quantization: Quantization?

    /// The numbers of `TensorProto.DataType`.
    private enum DataType: Int32 {
        case float = 1
        case uint8 = 2
        case int8 = 3
        case int32 = 6
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
        if let quantization { return try quantization.values(of: try wholes(), shape, name) }
        let values: [Float]
        switch DataType(rawValue: tensor.dataType) {
        case .float: values = tensor.floatData.isEmpty ? raw(.float32) : tensor.floatData
        case .double: values = tensor.doubleData.isEmpty ? raw(.float64) : tensor.doubleData.map(Float.init)
        case .float16: values = tensor.int32Data.isEmpty ? raw(.float16) : halves(.float16)
        case .bfloat16: values = tensor.int32Data.isEmpty ? raw(.bfloat16) : halves(.bfloat16)
        case .uint8, .int8, .int32, .int64, nil:
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

    /// This, as DequantizeLinear has it.
    /// - Parameter zero: nil is none but zeros.
    func dequantized(scale: ONNXConstant, zero: ONNXConstant?, axis: Int) -> ONNXConstant {
        var constant = self
        constant.quantization = Quantization(scale: { try scale.values() }, zero: { try zero?.wholes() }, axis: axis)
        return constant
    }

    /// Whether it is the one number that is the smallest of its type: nothing below zero has a byte then.
    var isLeastByte: Bool {
        get throws {
            switch DataType(rawValue: tensor.dataType) {
            case .uint8: try wholes() == [0]
            case .int8: try wholes() == [-128]
            default: false
            }
        }
    }

    /// Bytes and the like.
    func wholes() throws -> [Int32] {
        let values: [Int32]
        switch DataType(rawValue: tensor.dataType) {
        case .uint8:
            values = tensor.int32Data.isEmpty ? tensor.rawData.map { Int32($0) } : tensor.int32Data
        case .int8:
            values =
                tensor.int32Data.isEmpty ? tensor.rawData.map { Int32(Int8(bitPattern: $0)) } : tensor.int32Data
        case .int32:
            values =
                tensor.int32Data.isEmpty
                ? tensor.rawData.withUnsafeBytes { bytes in
                    stride(from: 0, to: bytes.count - 3, by: 4).map {
                        Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Int32.self))
                    }
                } : tensor.int32Data
        default:
            throw ModelFileError(
                "\(name.prefix(120)) is of ONNX's type \(tensor.dataType); right would be uint8, int8 or int32, as it is quantized"
            )
        }
        guard values.count == count else {
            throw ModelFileError("\(name.prefix(120)) has \(values.count) numbers; its shape is \(shape)")
        }
        return values
    }

    /// A scale and a zero point, of all or of each along an axis.
    private struct Quantization {
        let scale: () throws -> [Float]
        let zero: () throws -> [Int32]?
        let axis: Int

        func values(of wholes: [Int32], _ shape: [Int], _ name: String) throws -> [Float] {
            let scales = try scale()
            let zeros = try zero() ?? [Int32](repeating: 0, count: scales.count)
            let axis = axis < 0 ? axis + shape.count : axis
            let isWhole = scales.count == 1
            guard zeros.count == scales.count, isWhole || shape.indices.contains(axis) && shape[axis] == scales.count
            else {
                throw ModelFileError(
                    "\(name.prefix(120)) has \(scales.count) scales and \(zeros.count) zero points; its shape is \(shape)"
                )
            }
            let each = isWhole ? 1 : shape[(axis + 1)...].reduce(1, *)
            return wholes.enumerated().map { place, whole in
                let index = isWhole ? 0 : place / each % scales.count
                return Float(Int64(whole) - Int64(zeros[index])) * scales[index]
            }
        }
    }

    private func raw(_ element: Element) -> [Float] { tensor.rawData.withUnsafeBytes { element.values(in: $0) } }

    /// Each in the lower half of 32 bits.
    private func halves(_ element: Element) -> [Float] {
        tensor.int32Data.map { UInt16(truncatingIfNeeded: $0) }.withUnsafeBytes { element.values(in: $0) }
    }
}
