/// What a pickle of a state dict is made of.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    /// Numbers that no tensor needs.
    case number
    case text(String)
    /// A class or a function by its name, which is one of those that are allowed.
    case global(PickleGlobal)
    case tuple([PickleValue], depth: Int)
    case list(PickleBox)
    case dictionary(PickleBox)
    case storage(TorchStorage)
    case tensor(TorchTensor)
    /// Where a list, a tuple or a dictionary's items begin.
    case mark

    /// As an error says it.
    var kind: String {
        switch self {
        case .none: "None"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .text: "a text"
        case .global(let global): global.rawValue
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .storage: "a storage"
        case .tensor: "a tensor"
        case .mark: "a mark"
        }
    }

    /// How many tuples are in one another; what a box holds does not count, as boxes are emptied one by one.
    var depth: Int { if case .tuple(_, let depth) = self { depth } else { 0 } }

    var integer: Int? { if case .integer(let value) = self { value } else { nil } }

    /// A tuple's or a list's, where all are integers.
    var integers: [Int]? {
        let values: [PickleValue]
        switch self {
        case .tuple(let items, _): values = items
        case .list(let box): values = box.items
        default: return nil
        }
        let integers = values.compactMap(\.integer)
        return integers.count == values.count ? integers : nil
    }
}

/// A list's items, or a dictionary's keys and values in turn. It may hold itself, so that whoever reads a pickle empties all boxes
/// when done.
final class PickleBox {
    var items: [PickleValue] = []

    /// A dictionary's entries under a text; of two under the same the last.
    var entries: [(key: String, value: PickleValue)] {
        var places: [String: Int] = [:]
        var entries: [(key: String, value: PickleValue)] = []
        for index in stride(from: 0, to: items.count - 1, by: 2) {
            guard case .text(let key) = items[index] else { continue }
            if let place = places[key] {
                entries[place].value = items[index + 1]
            } else {
                places[key] = entries.count
                entries.append((key, items[index + 1]))
            }
        }
        return entries
    }
}

/// What a pickle may name. Everything else could be made to do anything.
enum PickleGlobal: String, CaseIterable {
    case orderedDictionary = "collections.OrderedDict"
    case rebuildTensor = "torch._utils._rebuild_tensor_v2"
    case float = "torch.FloatStorage"
    case double = "torch.DoubleStorage"
    case half = "torch.HalfStorage"
    case bfloat16 = "torch.BFloat16Storage"
    case long = "torch.LongStorage"
    case int = "torch.IntStorage"
    case short = "torch.ShortStorage"
    case char = "torch.CharStorage"
    case byte = "torch.ByteStorage"
    case bool = "torch.BoolStorage"

    /// Bytes of an element of a storage; nil for what is none.
    var elementSize: Int? {
        switch self {
        case .orderedDictionary, .rebuildTensor: nil
        case .char, .byte, .bool: 1
        case .half, .bfloat16, .short: 2
        case .float, .int: 4
        case .double, .long: 8
        }
    }

    /// nil for numbers that are no weights.
    var element: Element? {
        switch self {
        case .float: .float32
        case .double: .float64
        case .half: .float16
        case .bfloat16: .bfloat16
        default: nil
        }
    }
}

/// Numbers in a file of PyTorch's.
struct TorchStorage: Equatable {
    let type: PickleGlobal
    let key: String
    let count: Int
}

/// A view of a storage.
struct TorchTensor {
    let storage: TorchStorage
    /// In elements, as the strides are.
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
