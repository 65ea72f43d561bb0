import Testing
import Varlink

@Suite struct JSONTests {
    struct Sample: Codable, Equatable {
        enum Colour: String, Codable { case red, green }
        struct Inner: Codable, Equatable {
            var x: Int?
            var y: [Double]
        }
        var name: String
        var colour: Colour
        var inner: [Inner]
        var extra: JSONValue?
        var table: [String: Int]
        var flag: Bool
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSON.encode(value), as: UTF8.self)
    }

    private func decode<T: Decodable>(
        _ type: T.Type, _ text: String, _ unknown: JSON.UnknownKeys = .refuse
    ) throws -> T {
        try JSON.decode(type, from: Array(text.utf8), unknownKeys: unknown)
    }

    @Test func aValueComesBackAsItWas() throws {
        let sample = Sample(
            name: "Größe \"x\"\n\u{1F980}", colour: .green, inner: [.init(x: 1, y: [0.5, -3]), .init(x: nil, y: [])],
            extra: .object(["a": .array([.null, .bool(true), .integer(.max), .number(1.25), .string("s")])]),
            table: ["one": 1], flag: false)
        #expect(try decode(Sample.self, try text(sample)) == sample)
    }

    @Test func textIsCompactAndOmitsNil() throws {
        #expect(try text(Sample.Inner(x: nil, y: [1])) == #"{"y":[1.0]}"#)
    }

    @Test func numbersAreAsShortAsReadsBackTheSame() throws {
        let numbers = [
            0.277, 0.1, 1e-39, -2.5e300, 1 / 3, .leastNonzeroMagnitude, 1e16, 123_456.789, .greatestFiniteMagnitude,
            -0.0,
        ]
        let written = try text(numbers)
        #expect(written.hasPrefix("[0.277,0.1,1e-39,-2.5e+300,0.3333333333333333,5e-324,1e+16,123456.789,"))
        #expect(try decode([Double].self, written) == numbers)
        // What only looks like a number stays as it is.
        #expect(try text(["0.27700000000000002", "a\"0.27700000000000002", "1.50"]).contains(#""1.50""#))
        #expect(try text(["0.27700000000000002"]) == #"["0.27700000000000002"]"#)
    }

    @Test(arguments: [
        (#"{"y":[],"z":1}"#, "z"), (#"{"y":[true]}"#, "y[0]"), (#"{"x":1}"#, "y"), (#"{"y":null}"#, "y"),
        (#"{"x":1.5,"y":[]}"#, "x"),
    ])
    func anErrorSaysWhere(text: String, path: String) throws {
        let error = #expect(throws: JSONError.self) { try decode(Sample.Inner.self, text) }
        #expect(error?.path == path)
    }

    @Test func unknownKeysAreIgnoredWhereAsked() throws {
        #expect(try decode(Sample.Inner.self, #"{"y":[],"z":1}"#, .ignore) == .init(x: nil, y: []))
    }

    @Test(arguments: [
        #"{"y":[],"y":[]}"#, "{", "", "[1", "1", #"{"y":[1e999]}"#, #"{"x":99999999999999999999,"y":[]}"#,
        "{\"y\":[]}x",
        "{\"y\":[]} {}", #"{"y":[NaN]}"#, #"{"a":"\u0000"}"#,
    ])
    func badTextIsRefused(text: String) {
        let error = #expect(throws: JSONError.self) { try decode(Sample.Inner.self, text) }
        #expect(error?.kind == .syntax)
    }

    @Test func badUTF8IsRefused() {
        #expect(throws: JSONError.self) {
            try JSON.decode([String].self, from: [0x5B, 0x22, 0xC3, 0x28, 0x22, 0x5D])
        }
    }

    @Test func depthIsLimited() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + #""[[[""# + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try decode(JSONValue.self, nested(JSON.maximumDepth)) }
        #expect(throws: JSONError.self) { try decode(JSONValue.self, nested(JSON.maximumDepth + 1)) }
    }

    @Test func whatJSONCannotSayIsNotWritten() {
        #expect(throws: JSONError.self) { try JSON.encode([Double.nan]) }
        #expect(throws: JSONError.self) { try JSON.encode(["x": Float.infinity]) }
        #expect(throws: JSONError.self) { try JSON.encode([UInt64.max]) }
        #expect(throws: JSONError.self) { try JSON.encode(JSONValue.object(["x": .number(.nan)])) }
    }
}
