/// The tensors of what `torch.save` was given: a state dict, or a dictionary with one in it.
enum StateDict {
    /// What people call it beside an epoch's number and an optimizer.
    private static let keys = ["state_dict", "model_state_dict", "model_state", "model", "net", "module", "weights"]

    /// - Parameter bytes: those of a storage, from one element to another; called when the tensor is wanted.
    static func model(
        _ value: PickleValue, bytes: @escaping (TorchStorage, Range<Int>) throws -> [UInt8]
    ) throws -> ForeignModel {
        guard case .dictionary(let box) = value else {
            throw ModelFileError(
                "it holds \(value.kind); right would be a dictionary of tensors, as torch.save(model.state_dict(), FILE) writes"
            )
        }
        var tensors = tensors(box)
        if tensors.isEmpty {
            let inner = box.entries.compactMap { key, value -> (Int, PickleBox)? in
                guard let place = keys.firstIndex(of: key), case .dictionary(let box) = value else { return nil }
                return (place, box)
            }
            if let best = inner.min(by: { $0.0 < $1.0 }) { tensors = Self.tensors(best.1) }
        }
        guard !tensors.isEmpty else {
            let found = box.entries.prefix(5).map { "\($0.key.prefix(40)) (\($0.value.kind))" }.joined(separator: ", ")
            throw ModelFileError(
                "it holds no tensors under names, but \(found.isEmpty ? "nothing" : found); right would be what torch.save(model.state_dict(), FILE) writes"
            )
        }
        return ForeignModel(
            origin: "PyTorch's networks",
            tensors: tensors.map { name, tensor in
                ForeignTensor(name: name, type: "\(tensor.storage.type.rawValue)", shape: tensor.shape) {
                    try values(of: tensor, name, bytes)
                }
            }, usual: .torchvision)
    }

    private static func tensors(_ box: PickleBox) -> [(name: String, tensor: TorchTensor)] {
        box.entries.compactMap { key, value in
            guard case .tensor(let tensor) = value else { return nil }
            return (key, tensor)
        }
    }

    /// Of a tensor whose shape is one of ours.
    private static func values(
        of tensor: TorchTensor, _ name: String, _ bytes: (TorchStorage, Range<Int>) throws -> [UInt8]
    ) throws -> [Float] {
        let storage = tensor.storage
        guard let element = storage.type.element else {
            throw ModelFileError(
                "\(name.prefix(120)) is \(storage.type.rawValue); right would be floats, doubles, halves or bfloat16s")
        }
        guard let span = span(of: tensor) else {
            throw ModelFileError(
                "\(name.prefix(120)) reaches beyond its storage, which has \(storage.count) numbers")
        }
        guard span.count <= ModelFileLimits.spannedValues else {
            throw ModelFileError("\(name.prefix(120)) lies scattered over \(span.count) numbers")
        }
        return try bytes(storage, span).withUnsafeBytes { bytes in
            var values: [Float] = []
            var place = [Int](repeating: 0, count: tensor.shape.count)
            var index = 0
            for _ in 0..<tensor.shape.reduce(1, *) {
                values.append(element.value(in: bytes, at: index * element.size))
                // As an odometer counts.
                var dimension = tensor.shape.count - 1
                while dimension >= 0 {
                    place[dimension] += 1
                    index += tensor.strides[dimension]
                    if place[dimension] < tensor.shape[dimension] { break }
                    index -= place[dimension] * tensor.strides[dimension]
                    place[dimension] = 0
                    dimension -= 1
                }
            }
            return values
        }
    }

    /// From the first number of the storage that a tensor uses to the last; nil where the storage has not so many.
    private static func span(of tensor: TorchTensor) -> Range<Int>? {
        // No sum of four dimensions' reaches overflows.
        guard tensor.storage.count <= Int.max / 8, tensor.offset < tensor.storage.count else { return nil }
        var last = tensor.offset
        for (count, stride) in zip(tensor.shape, tensor.strides) {
            guard count > 0 else { return nil }
            let (reach, overflow) = (count - 1).multipliedReportingOverflow(by: stride)
            guard !overflow, reach < tensor.storage.count else { return nil }
            last += reach
        }
        return last < tensor.storage.count ? tensor.offset..<(last + 1) : nil
    }
}
