import Safetensors
import TestSupport
import Testing

/// What the reference implementation wrote (Fixtures/safetensors/make.py).
struct ReadingTests {
    @Test func readsEveryTypeThatNumpyHas() throws {
        let file = try SafetensorsFile(mapping: Oracle.fixture("safetensors/types.safetensors"))
        #expect(file.metadata == ["format": "np", "größe": "2×3"])
        #expect(file.tensors.count == 15)

        func expectCounting<T: Equatable>(_ name: String, _ type: ElementType, _ elements: [T]) throws {
            let info = try #require(file.tensors[name])
            #expect(info.type == type)
            #expect(info.shape == [2, 3])
            let bytes = file.bytes(of: info)
            let size = MemoryLayout<T>.size
            #expect((0..<6).map { bytes.loadUnaligned(fromByteOffset: $0 * size, as: T.self) } == elements, "\(name)")
        }
        try expectCounting("bool", .bool, [0, 1, 0, 1, 0, 1] as [UInt8])
        try expectCounting("uint8", .uint8, Array(0..<6) as [UInt8])
        try expectCounting("int8", .int8, Array(0..<6) as [Int8])
        try expectCounting("uint16", .uint16, Array(0..<6) as [UInt16])
        try expectCounting("int16", .int16, Array(0..<6) as [Int16])
        try expectCounting("float16", .float16, [0, 1, 2, 3, 4, 5] as [Float16])
        try expectCounting("uint32", .uint32, Array(0..<6) as [UInt32])
        try expectCounting("int32", .int32, Array(0..<6) as [Int32])
        try expectCounting("float32", .float32, [0, 1, 2, 3, 4, 5] as [Float])
        try expectCounting("uint64", .uint64, Array(0..<6) as [UInt64])
        try expectCounting("int64", .int64, Array(0..<6) as [Int64])
        try expectCounting("float64", .float64, [0, 1, 2, 3, 4, 5] as [Double])
        // Real and imaginary part.
        try expectCounting("complex64", .complex64, [0, 1, 2, 3, 4, 5].map { SIMD2<Float>($0, 0) })

        let scalar = try #require(file.tensors["scalar"])
        #expect(scalar.shape == [])
        #expect(file.bytes(of: scalar).loadUnaligned(as: Int32.self) == 42)
        let empty = try #require(file.tensors["empty"])
        #expect(empty.shape == [0, 3])
        #expect(file.bytes(of: empty).isEmpty)
    }

    @Test func whatIsNoFileIsRefused() throws {
        let scratch = try ScratchDirectory()
        #expect(throws: SafetensorsError.unreadable(path: scratch["absent"], errno: 2)) {
            try SafetensorsFile(mapping: scratch["absent"])
        }
        #expect(throws: SafetensorsError.malformed(path: scratch.path, problem: "it is not a regular file")) {
            try SafetensorsFile(mapping: scratch.path)
        }
        #expect(throws: SafetensorsError.malformed(path: scratch["empty"], problem: "the file is empty")) {
            try SafetensorsFile(mapping: try scratch.write("empty", []))
        }
    }
}
