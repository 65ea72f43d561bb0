/// Reads a pickle as `torch.save` writes it of a state dict: the opcodes that this needs, and nothing is called but what stands here.
///
/// Source: CPython's `pickletools.py`, `torch/serialization.py`.
final class PickleReader {
    private var input: UnsafeRawBufferPointer.SubSequence
    private var stack: [PickleValue] = []
    private var memo: [Int: PickleValue] = [:]
    /// All that the pickles referred to, by their keys.
    private(set) var storages: [String: TorchStorage] = [:]
    /// All that were made, to be emptied.
    private var boxes: [PickleBox] = []

    /// - Parameter bytes: valid as long as this.
    init(_ bytes: UnsafeRawBufferPointer) { input = bytes[...] }

    /// What was read, as it may hold itself.
    deinit { for box in boxes { box.items = [] } }

    /// What has not been read.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: input) }

    /// How many bytes have been read.
    var position: Int { input.startIndex }

    /// The next pickle's value, valid as long as this. Long integers beyond 64 bits are `number`.
    func next() throws -> PickleValue {
        stack = []
        memo = [:]
        let end = input.startIndex + ModelFileLimits.pickleBytes
        while true {
            guard input.startIndex < end else {
                throw ModelFileError("its pickle has more than \(ModelFileLimits.pickleBytes) bytes")
            }
            guard stack.count < ModelFileLimits.pickleValues, memo.count < ModelFileLimits.pickleValues,
                boxes.count < ModelFileLimits.pickleValues
            else { throw ModelFileError("its pickle has more than \(ModelFileLimits.pickleValues) values at a time") }
            let code = try byte()
            guard let opcode = Opcode(rawValue: code) else {
                throw ModelFileError(
                    "its pickle has the opcode \(name(code)), which no state dict needs: \(Self.advice)")
            }
            if opcode == .stop {
                let value = try pop()
                guard stack.isEmpty else {
                    throw ModelFileError("its pickle ends with \(stack.count) values left over")
                }
                return value
            }
            try execute(opcode)
        }
    }

    private enum Opcode: UInt8 {
        case proto = 0x80
        case frame = 0x95
        case stop = 0x2e  // .
        case mark = 0x28  // (
        case none = 0x4e  // N
        case newTrue = 0x88
        case newFalse = 0x89
        case int = 0x4a  // J
        case int1 = 0x4b  // K
        case int2 = 0x4d  // M
        case long1 = 0x8a
        case float = 0x47  // G
        case unicode = 0x58  // X
        case shortUnicode = 0x8c
        case string = 0x54  // T
        case shortString = 0x55  // U
        case emptyTuple = 0x29  // )
        case tuple = 0x74  // t
        case tuple1 = 0x85
        case tuple2 = 0x86
        case tuple3 = 0x87
        case emptyList = 0x5d  // ]
        case append = 0x61  // a
        case appends = 0x65  // e
        case emptyDictionary = 0x7d  // }
        case setItem = 0x73  // s
        case setItems = 0x75  // u
        case put = 0x71  // q
        case longPut = 0x72  // r
        case memoize = 0x94
        case get = 0x68  // h
        case longGet = 0x6a  // j
        case global = 0x63  // c
        case stackGlobal = 0x93
        case persistent = 0x51  // Q
        case reduce = 0x52  // R
        case build = 0x62  // b
    }

    private func name(_ code: UInt8) -> String {
        let number = "0x\(code < 16 ? "0" : "")\(String(code, radix: 16))"
        return (33...126).contains(code) ? "\(number) (\(Character(Unicode.Scalar(code))))" : number
    }

    private func execute(_ opcode: Opcode) throws {
        switch opcode {
        case .stop: preconditionFailure("it ends the pickle")
        case .proto: _ = try byte()
        case .frame: _ = try take(8)
        case .mark: stack.append(.mark)
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .int: stack.append(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
        case .int1: stack.append(.integer(try number(1)))
        case .int2: stack.append(.integer(try number(2)))
        case .long1: stack.append(try long())
        case .float:
            _ = try take(8)
            stack.append(.number)
        case .unicode, .string: stack.append(try text(try number(4)))
        case .shortUnicode, .shortString: stack.append(try text(try number(1)))
        case .emptyTuple: stack.append(.tuple([], depth: 1))
        case .tuple: try push(tuple: try popToMark())
        case .tuple1: try push(tuple: try pop(1))
        case .tuple2: try push(tuple: try pop(2))
        case .tuple3: try push(tuple: try pop(3))
        case .emptyList: stack.append(.list(box()))
        case .append: try add(try pop(1), pairs: false)
        case .appends: try add(try popToMark(), pairs: false)
        case .emptyDictionary: stack.append(.dictionary(box()))
        case .setItem: try add(try pop(2), pairs: true)
        case .setItems: try add(try popToMark(), pairs: true)
        case .put: try remember(try number(1))
        case .longPut: try remember(try number(4))
        case .memoize: try remember(memo.count)
        case .get: try recall(try number(1))
        case .longGet: try recall(try number(4))
        case .global: try push(global: "\(try line()).\(try line())")
        case .stackGlobal:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw ModelFileError("its pickle names a global by \(names[0].kind) and \(names[1].kind)")
            }
            try push(global: "\(module).\(name)")
        case .persistent: stack.append(.storage(try storage(try pop())))
        case .reduce: try reduce()
        case .build:
            // The attributes of an OrderedDict: a state dict's versions of its modules.
            let parts = try pop(2)
            guard case .dictionary = parts[0], case .dictionary = parts[1] else {
                throw ModelFileError("its pickle sets attributes of \(parts[0].kind) from \(parts[1].kind)")
            }
            stack.append(parts[0])
        }
    }

    private func reduce() throws {
        let parts = try pop(2)
        guard case .global(let global) = parts[0], case .tuple(let arguments, _) = parts[1] else {
            throw ModelFileError("its pickle calls \(parts[0].kind) with \(parts[1].kind)")
        }
        switch (global, arguments.count) {
        case (.orderedDictionary, 0): stack.append(.dictionary(box()))
        case (.rebuildTensor, 6...7):
            guard case .storage(let storage) = arguments[0], let offset = arguments[1].integer,
                let shape = arguments[2].integers, let strides = arguments[3].integers,
                shape.count == strides.count, offset >= 0, (shape + strides).allSatisfy({ $0 >= 0 })
            else { throw ModelFileError("its pickle makes a tensor of what is none") }
            stack.append(.tensor(TorchTensor(storage: storage, offset: offset, shape: shape, strides: strides)))
        default: throw ModelFileError("its pickle calls \(global.rawValue) with \(arguments.count) values")
        }
    }

    /// ('storage', type, key, device, count), and in older files what of another storage it is.
    private func storage(_ id: PickleValue) throws -> TorchStorage {
        guard case .tuple(let parts, _) = id, (5...6).contains(parts.count), case .text("storage") = parts[0],
            case .global(let type) = parts[1], type.elementSize != nil, case .text(let key) = parts[2],
            let count = parts[4].integer, count >= 0
        else { throw ModelFileError("its pickle refers to \(id.kind) that is no storage") }
        if parts.count == 6, case .none = parts[5] {
        } else if parts.count == 6 {
            throw ModelFileError("storage \(key.prefix(60)) is a part of another, as PyTorch 0.4 and older have them")
        }
        let storage = TorchStorage(type: type, key: key, count: count)
        guard storages.updateValue(storage, forKey: key).map({ $0 == storage }) ?? true else {
            throw ModelFileError("storage \(key.prefix(60)) is said to be of two kinds or sizes")
        }
        return storage
    }

    // MARK: The stack and the memo

    private func pop() throws -> PickleValue {
        guard let value = stack.popLast() else { throw ModelFileError("its pickle takes what it has not put down") }
        return value
    }

    private func pop(_ count: Int) throws -> [PickleValue] {
        guard stack.count >= count else { throw ModelFileError("its pickle takes what it has not put down") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private func popToMark() throws -> [PickleValue] {
        guard let mark = stack.lastIndex(where: { if case .mark = $0 { true } else { false } }) else {
            throw ModelFileError("its pickle has no mark where it needs one")
        }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[(mark + 1)...])
    }

    private func push(tuple items: [PickleValue]) throws {
        let depth = 1 + (items.lazy.map(\.depth).max() ?? 0)
        guard depth <= ModelFileLimits.pickleDepth else {
            throw ModelFileError("its pickle has tuples in tuples more than \(ModelFileLimits.pickleDepth) deep")
        }
        stack.append(.tuple(items, depth: depth))
    }

    private static let advice = "right would be what torch.save(model.state_dict(), FILE) writes"

    private func push(global name: String) throws {
        guard let global = PickleGlobal(rawValue: name) else {
            throw ModelFileError(
                "its pickle names \(name.prefix(120)), which is not read: \(Self.advice)")
        }
        stack.append(.global(global))
    }

    private func add(_ items: [PickleValue], pairs: Bool) throws {
        switch stack.last {
        case .list(let box)? where !pairs: box.items += items
        case .dictionary(let box)? where pairs && items.count % 2 == 0: box.items += items
        default: throw ModelFileError("its pickle puts items into \(stack.last?.kind ?? "nothing")")
        }
    }

    private func box() -> PickleBox {
        let box = PickleBox()
        boxes.append(box)
        return box
    }

    private func remember(_ place: Int) throws {
        guard let value = stack.last else { throw ModelFileError("its pickle remembers what it has not put down") }
        memo[place] = value
    }

    private func recall(_ place: Int) throws {
        guard let value = memo[place] else { throw ModelFileError("its pickle recalls what it has not remembered") }
        stack.append(value)
    }

    // MARK: The bytes

    private func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count <= input.count else { throw ModelFileError("its pickle ends in the middle") }
        defer { input = input.dropFirst(count) }
        return UnsafeRawBufferPointer(rebasing: input.prefix(count))
    }

    private func byte() throws -> UInt8 { try take(1)[0] }

    /// Little-endian, without a sign.
    private func number(_ size: Int) throws -> Int { try take(size).reversed().reduce(0) { $0 << 8 | Int($1) } }

    private func long() throws -> PickleValue {
        let bytes = try take(try number(1))
        guard bytes.count <= ModelFileLimits.pickleNumberBytes else { return .number }
        let sign: Int = bytes.last.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        return .integer(bytes.reversed().reduce(sign) { $0 << 8 | Int($1) })
    }

    private func text(_ size: Int) throws -> PickleValue {
        guard let text = String(validating: try take(size), as: UTF8.self) else {
            throw ModelFileError("its pickle has a text that is not UTF-8")
        }
        return .text(text)
    }

    private func line() throws -> String {
        guard let end = input.firstIndex(of: UInt8(ascii: "\n")) else {
            throw ModelFileError("its pickle ends in the middle")
        }
        defer { input = input[(end + 1)...] }
        return String(decoding: input[..<end], as: UTF8.self)
    }
}
