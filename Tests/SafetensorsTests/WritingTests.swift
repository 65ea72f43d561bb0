import Safetensors
import TestSupport
import Testing
import Varlink

struct WritingTests {
    /// U8 [5], F32 [2, 2] and a scalar, with the bytes 0, 1, 2, …, written in an order other than the file's.
    func write(to path: String) throws {
        let writer = try SafetensorsWriter(
            path: path,
            tensors: [
                TensorDeclaration(name: "floats", type: .float32, shape: [2, 2]),
                TensorDeclaration(name: "bytes", type: .uint8, shape: [5]),
                TensorDeclaration(name: "empty", type: .int64, shape: [0]),
            ], metadata: ["b": "\"quoted\"", "a": "ä"])
        try Array<UInt8>(0..<5).withUnsafeBytes { try writer.write($0, to: "bytes") }
        try Array<UInt8>(8..<16).withUnsafeBytes { try writer.write($0, to: "floats", at: 8) }
        try Array<UInt8>(0..<8).withUnsafeBytes { try writer.write($0, to: "floats") }
        try writer.commit()
    }

    @Test func whatWasWrittenIsRead() throws {
        let scratch = try ScratchDirectory()
        try write(to: scratch["f"])
        #expect(try scratch.names() == ["f"])
        let file = try SafetensorsFile(mapping: scratch["f"])
        #expect(file.metadata == ["b": "\"quoted\"", "a": "ä"])
        let floats = try #require(file.tensors["floats"])
        #expect(floats.shape == [2, 2])
        #expect(floats.byteRange.lowerBound.isMultiple(of: SafetensorsHeader.alignment))
        #expect(Array(file.bytes(of: floats)) == Array(0..<16))
        #expect(Array(file.bytes(of: try #require(file.tensors["bytes"]))) == Array(0..<5))
    }

    @Test func theSameDeclarationGivesTheSameBytes() throws {
        let scratch = try ScratchDirectory()
        try write(to: scratch["f"])
        try write(to: scratch["g"])
        let expected =
            #"{"__metadata__":{"a":"ä","b":"\"quoted\""},"floats":{"dtype":"F32","shape":[2,2],"#
            + #""data_offsets":[0,16]},"bytes":{"dtype":"U8","shape":[5],"data_offsets":[16,21]},"#
            + #""empty":{"dtype":"I64","shape":[0],"data_offsets":[21,21]}}"#
        let bytes = try scratch.read("f")
        #expect(String(decoding: bytes[8...].prefix(expected.utf8.count), as: UTF8.self) == expected)
        #expect(try scratch.read("g") == bytes)
    }

    @Test func aFileWithoutTensorsIsOne() throws {
        let scratch = try ScratchDirectory()
        try SafetensorsWriter(path: scratch["f"], tensors: [], metadata: ["a": "b"]).commit()
        #expect(try SafetensorsFile(mapping: scratch["f"]).metadata == ["a": "b"])
    }

    @Test func anAbandonedFileLeavesNothing() throws {
        let scratch = try ScratchDirectory()
        try scratch.write("f", [1, 2, 3])
        do {
            let writer = try SafetensorsWriter(
                path: scratch["f"], tensors: [TensorDeclaration(name: "a", type: .uint8, shape: [2])], metadata: [:])
            try [UInt8(1)].withUnsafeBytes { try writer.write($0, to: "a") }
            #expect(try scratch.names().count == 2)
        }
        #expect(try scratch.names() == ["f"])
        #expect(try scratch.read("f") == [1, 2, 3])
    }

    @Test func aFailureSaysWhy() throws {
        let scratch = try ScratchDirectory()
        #expect(throws: SafetensorsError.unwritable(path: scratch["absent/f"], errno: 2)) {
            try SafetensorsWriter(path: scratch["absent/f"], tensors: [], metadata: [:])
        }
        let long = String(repeating: "x", count: SafetensorsHeader.maximumLength)
        let error = #expect(throws: SafetensorsError.self) {
            try SafetensorsWriter(path: scratch["f"], tensors: [], metadata: ["a": long])
        }
        #expect("\(try #require(error))".contains("at most 4194304"))
        #expect(try scratch.names() == [])
    }

    struct Description: Decodable {
        struct Tensor: Decodable, Equatable {
            let dtype: String
            let shape: [Int]
            let hex: String
        }
        let metadata: [String: String]
        let tensors: [String: Tensor]
    }

    @Test(.enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with safetensors and numpy"))
    func theReferenceImplementationReadsIt() throws {
        let scratch = try ScratchDirectory()
        try write(to: scratch["f"])
        let script = Oracle.fixture("safetensors/describe.py")
        let output = try Oracle.run(try #require(Oracle.python), [script, scratch["f"]])
        let description = try JSON.decode(Description.self, from: output)
        #expect(description.metadata == ["b": "\"quoted\"", "a": "ä"])
        #expect(
            description.tensors == [
                "floats": .init(dtype: "float32", shape: [2, 2], hex: "000102030405060708090a0b0c0d0e0f"),
                "bytes": .init(dtype: "uint8", shape: [5], hex: "0001020304"),
                "empty": .init(dtype: "int64", shape: [0], hex: ""),
            ])
    }
}
