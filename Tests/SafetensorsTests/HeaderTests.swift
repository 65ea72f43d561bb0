import Safetensors
import TestSupport
import Testing

/// Hostile bytes: what is wrong with a file is said, and nothing crashes.
struct HeaderTests {
    /// A file of this header and as many bytes of data.
    static func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
        let length = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) }
        return length + header.utf8 + [UInt8](repeating: 7, count: data)
    }

    static func parse(_ bytes: [UInt8]) throws(SafetensorsError) -> SafetensorsHeader {
        try bytes.withUnsafeBufferPointer { bytes throws(SafetensorsError) in
            try SafetensorsHeader(parsing: UnsafeRawBufferPointer(bytes), path: "f")
        }
    }

    static func tensor(_ type: String, _ shape: String, _ offsets: String, name: String = "a") -> String {
        #""\#(name)":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    @Test func acceptsWhatTheReferenceAccepts() throws {
        let unknownField = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"note":1}}   "#
        #expect(try Self.parse(Self.file(unknownField, data: 2)).tensors["a"]?.shape == [2])
        #expect(try Self.parse(Self.file("{}", data: 0)).tensors.isEmpty)
        let twoEmpty = "{\(Self.tensor("F32", "[0]", "[4,4]", name: "b")),\(Self.tensor("F32", "[]", "[0,4]"))}"
        #expect(try Self.parse(Self.file(twoEmpty, data: 4)).tensors.count == 2)
    }

    @Test(arguments: [
        (" {}", 0, "does not begin with {"),
        ("", 0, "does not begin with {"),
        ("{", 0, "the header is no JSON: "),
        ("{\(tensor("U8", "[1]", "[0,1]")),\(tensor("U8", "[1]", "[0,1]"))}", 1, "the header is no JSON: "),
        (#"{"a":[]}"#, 0, "the header.a must be an object, is an array"),
        (#"{"a":{"shape":[1],"data_offsets":[0,1]}}"#, 1, "the header.a.dtype is missing"),
        (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__.a"),
        ("{\(tensor("U9", "[1]", "[0,1]"))}", 1, "tensor a is of type U9; known are BOOL"),
        ("{\(tensor("U8", "[-1]", "[0,1]"))}", 1, "the shape [-1]"),
        ("{\(tensor("U8", "[4294967296,4294967296]", "[0,1]"))}", 1, "no memory can hold"),
        ("{\(tensor("F64", "[4611686018427387904]", "[0,1]"))}", 1, "no memory can hold"),
        ("{\(tensor("U8", "[1.5]", "[0,1]"))}", 1, "the header.a.shape[0] must be an integer, is a number"),
        ("{\(tensor("U8", "[1]", "[0]"))}", 1, "right would be two offsets between 0 and 1"),
        ("{\(tensor("U8", "[1]", "[1,0]"))}", 1, "right would be two offsets"),
        ("{\(tensor("U8", "[1]", "[-1,0]"))}", 1, "right would be two offsets"),
        ("{\(tensor("U8", "[2]", "[0,2]"))}", 1, "right would be two offsets"),
        ("{\(tensor("F32", "[2]", "[0,4]"))}", 4, "lies in 4 bytes; F32 [2] takes 8"),
        ("{\(tensor("U8", "[1]", "[1,2]"))}", 2, "tensor a leaves a hole before it"),
        (
            "{\(tensor("U8", "[2]", "[0,2]")),\(tensor("U8", "[2]", "[1,3]", name: "b"))}", 3,
            "tensor b overlaps the one before it"
        ),
        ("{\(tensor("U8", "[1]", "[0,1]"))}", 2, "but the file at"),
        ("{}", 1, "but the file at"),
    ])
    func refusesAHeader(_ header: String, data: Int, problem: String) throws {
        try Self.expectRefusal(Self.file(header, data: data), problem)
    }

    @Test func refusesALengthThatTheFileDoesNotHave() throws {
        try Self.expectRefusal([UInt8](repeating: 0, count: 7), "it has 7 bytes")
        try Self.expectRefusal(Self.file("{}", data: 0, length: 3), "should end at byte 11, but the file ends at 10")
        try Self.expectRefusal(
            Self.file("{}", data: 0, length: .max), "a header of 18446744073709551615 bytes; at most 4194304")
    }

    static func expectRefusal(_ bytes: [UInt8], _ problem: String) throws {
        let error = try #require(throws: SafetensorsError.self) { try parse(bytes) }
        #expect("\(error)".hasPrefix("f: not a valid safetensors file: "))
        #expect("\(error)".contains(problem), "\(error)")
    }

    @Test func readsAHeaderUpToTheLimit() throws {
        let text = "{}" + String(repeating: " ", count: SafetensorsHeader.maximumLength - 2)
        #expect(try Self.parse(Self.file(text, data: 0)).tensors.isEmpty)
        #expect(throws: SafetensorsError.self) { try Self.parse(Self.file(text + " ", data: 0)) }
    }

    @Test func damageIsAnErrorOrHarmless() throws {
        let two =
            "{\"__metadata__\":{\"k\":\"v\"},\(Self.tensor("U8", "[2]", "[0,2]"))"
            + ",\(Self.tensor("F32", "[2,1]", "[2,10]", name: "b"))}"
        let valid = Self.file(two, data: 10)
        var refused = 0
        for bytes in damaged(valid, flips: 20_000, seed: 1) {
            do {
                let header = try Self.parse(bytes)
                #expect(header.tensors.values.allSatisfy { $0.byteRange.upperBound <= bytes.count })
            } catch {
                refused += 1
            }
        }
        #expect(refused > valid.count, "at least every truncation")
    }
}
