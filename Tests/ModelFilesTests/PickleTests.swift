import ModelFiles
import TestSupport
import Testing

/// Pickles that no state dict is: refused by what is wrong, in no time and no memory.
@Suite struct PickleTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// A file of PyTorch before 1.6 whose object is this pickle, and whose storages are none.
    private func refusal(_ object: [UInt8], keys: [UInt8] = [0x80, 2, 0x5d, 0x2e]) throws -> String? {
        let magic: [UInt8] = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]
        let version: [UInt8] = [0x80, 2, 0x4d, 0xe9, 3, 0x2e]
        let machine: [UInt8] = [0x80, 2, 0x7d, 0x2e]
        try scratch.write("m", magic + version + machine + object + keys)
        return #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m"]) }?.description
    }

    private func text(_ text: String) -> [UInt8] { [0x8c, UInt8(text.utf8.count)] + Array(text.utf8) }
    private func global(_ module: String, _ name: String) -> [UInt8] { [0x63] + Array("\(module)\n\(name)\n".utf8) }
    private func integer(_ value: Int) -> [UInt8] {
        [0x8a, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    @Test func globalsAreRefusedByName() throws {
        for (module, name) in [("os", "system"), ("builtins", "eval"), ("torch._utils", "_rebuild_parameter")] {
            let call = global(module, name) + text("true") + [0x85, 0x52, 0x2e]
            #expect(try refusal(call)?.hasPrefix("its pickle names \(module).\(name), which is not read") == true)
            let byStack = text(module) + text(name) + [0x93, 0x2e]
            #expect(try refusal(byStack)?.hasPrefix("its pickle names \(module).\(name), which is not read") == true)
        }
    }

    /// INST, OBJ, NEWOBJ, EXT1, BYTEARRAY8, DUP and what is none.
    @Test(arguments: [0x69, 0x6f, 0x81, 0x82, 0x96, 0x32, 0x00, 0xff] as [UInt8])
    func opcodesAreRefusedByName(code: UInt8) throws {
        let reason = try refusal([0x80, 2, code, 0x2e])
        #expect(reason?.hasPrefix("its pickle has the opcode 0x") == true)
        #expect(
            reason?.contains("which no state dict needs: right would be what torch.save(model.state_dict(), FILE)")
                == true)
    }

    @Test func aChainOfCallsIsRefused() throws {
        // OrderedDict()()()…
        let calls =
            global("collections", "OrderedDict") + [UInt8]((0..<50_000).flatMap { _ in [0x29, 0x52] as [UInt8] })
        #expect(try refusal(calls + [0x2e]) == "its pickle calls a dictionary with a tuple")
        // The same called anew each time.
        let again = [UInt8]((0..<200_000).flatMap { _ in [0x68, 0, 0x29, 0x52] as [UInt8] })
        let many: [UInt8] = global("collections", "OrderedDict") + [0x71, 0] + again
        #expect(try refusal(many + [0x2e])?.hasPrefix("its pickle has more than 131072 values") == true)
    }

    @Test func bombsAreRefused() throws {
        // Each tuple has the last one twice: 2¹⁰⁰ would be counted by whoever walked over them.
        var doubling: [UInt8] = [0x29, 0x71, 0]
        for _ in 0..<100 { doubling += [0x68, 0, 0x68, 0, 0x86, 0x71, 0] }
        #expect(try refusal(doubling + [0x2e]) == "its pickle has tuples in tuples more than 64 deep")
        // As deep as the file is long.
        let deep = [0x29] + [UInt8](repeating: 0x85, count: 1_000_000)
        #expect(try refusal(deep + [0x2e]) == "its pickle has tuples in tuples more than 64 deep")
        let values = [UInt8](repeating: 0x4e, count: 1_000_000)
        #expect(try refusal(values)?.hasPrefix("its pickle has more than 131072 values at a time") == true)
        let boxes = (0..<200_000).flatMap { _ in [0x5d, 0x71, 0, 0x61] as [UInt8] }
        #expect(
            try refusal([0x5d] + boxes + [0x2e])?.hasPrefix("its pickle has more than 131072 values at a time") == true)
        let memos = (0..<200_000).flatMap { place -> [UInt8] in
            [0x72] + (0..<4).map { UInt8(truncatingIfNeeded: place >> (8 * $0)) }
        }
        #expect(
            try refusal([0x4e] + memos + [0x2e])?.hasPrefix("its pickle has more than 131072 values at a time") == true)
        let long = [0x4e] + [UInt8]((0..<2_200_000).flatMap { _ in [0x71, 0] as [UInt8] })
        #expect(try refusal(long + [0x2e]) == "its pickle has more than 4194304 bytes")
    }

    @Test func aDictionaryThatHoldsItselfIsRefused() throws {
        let own: [UInt8] = [0x7d, 0x71, 0] + text("state_dict") + [0x68, 0, 0x73, 0x2e]
        #expect(
            try refusal(own)
                == "it holds no tensors under names, but state_dict (a dictionary); right would be what torch.save(model.state_dict(), FILE) writes"
        )
        let list: [UInt8] = [0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]
        #expect(try refusal(list)?.hasPrefix("it holds a list; right would be a dictionary of tensors") == true)
    }

    /// {name: a tensor}
    private func tensor(count: Int, offset: Int = 0, shape: [Int], strides: [Int], name: String = "x") -> [UInt8] {
        func tuple(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(integer) + [0x74] }
        var bytes: [UInt8] = [0x7d] + text(name)
        bytes += global("torch._utils", "_rebuild_tensor_v2") + [0x28, 0x28] + text("storage")
        bytes += global("torch", "FloatStorage") + text("0") + text("cpu") + integer(count) + [0x74, 0x51]
        bytes += integer(offset) + tuple(shape) + tuple(strides) + [0x89]
        bytes += global("collections", "OrderedDict") + [0x29, 0x52, 0x74, 0x52, 0x73, 0x2e]
        return bytes
    }

    @Test func sizesThatCannotBeAreRefused() throws {
        let keys = [0x80, 2, 0x5d] + text("0") + [0x61, 0x2e]
        let large = try refusal(tensor(count: 10 << 30, shape: [64], strides: [1]), keys: keys)
        #expect(large?.hasPrefix("it ends within storage 0, whose 10737418240 numbers do not fit") == true)
        let overflow = try refusal(tensor(count: .max, shape: [64], strides: [1]), keys: keys)
        #expect(overflow?.hasPrefix("it ends within storage 0") == true)
        #expect(
            try refusal(tensor(count: -1, shape: [64], strides: [1]), keys: keys)
                == "its pickle refers to a tuple that is no storage")
        #expect(
            try refusal(tensor(count: 1, shape: [-64], strides: [1]), keys: keys)
                == "its pickle makes a tensor of what is none")
        #expect(
            try refusal(tensor(count: 1, shape: [64], strides: [1, 1]), keys: keys)
                == "its pickle makes a tensor of what is none")
        // A tensor of one of our shapes that leaves its storage of two numbers, each in its own way.
        let data: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 8)
        for (offset, strides) in [(1, [1]), (.max, [0]), (0, [Int.max]), (2, [0])] {
            let pickle = tensor(count: 2, offset: offset, shape: [64], strides: strides, name: "features.0.bias")
            // Other tensors are missing, which is told first.
            #expect(try refusal(pickle, keys: keys + data)?.hasPrefix("it has no features.0.weight") == true)
        }
        #expect(
            try refusal(tensor(count: 3, shape: [1], strides: [1]), keys: keys + data + data)
                == "its storage 0 has not the 3 numbers that its pickle says")
    }

    @Test func whatEndsTooSoonIsRefused() throws {
        #expect(try refusal([0x80, 2, 0x58, 0xff, 0xff, 0xff, 0xff], keys: []) == "its pickle ends in the middle")
        #expect(try refusal([0x80, 2, 0x52, 0x2e]) == "its pickle takes what it has not put down")
        #expect(try refusal([0x80, 2, 0x74, 0x2e]) == "its pickle has no mark where it needs one")
        #expect(try refusal([0x80, 2, 0x68, 9, 0x2e]) == "its pickle recalls what it has not remembered")
        #expect(try refusal([0x80, 2, 0x4e, 0x4e, 0x2e]) == "its pickle ends with 1 values left over")
        #expect(try refusal([0x80, 2, 0x8c, 1, 0xff, 0x2e]) == "its pickle has a text that is not UTF-8")
    }
}
