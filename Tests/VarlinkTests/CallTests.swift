import Testing
import Varlink

@Suite struct CallTests {
    /// A call whose parameters have an array of so many numbers: with the array, both objects, and the two other members'
    /// commas, there are four values more.
    private func call(numbers: Int) -> [UInt8] {
        let array = Array(repeating: "0", count: numbers).joined(separator: ",")
        return Array(#"{"method":"a.b.C","parameters":{"x":["#.utf8) + Array(array.utf8) + Array("]}}".utf8)
    }

    @Test func callOfMoreValuesThanTheLimitIsRefused() throws {
        func parse(_ bytes: [UInt8]) throws { _ = try bytes.withUnsafeBytes { try Call(parsing: $0) } }
        #expect(throws: Never.self) { try parse(call(numbers: Call.maximumValues - 4)) }
        #expect(throws: MalformedMessage.self) { try parse(call(numbers: Call.maximumValues + 1)) }
    }

    @Test func commasInTextAreNoValues() throws {
        let text = String(repeating: ",[{", count: Call.maximumValues)
        let bytes = Array("{\"method\":\"a.b.C\",\"parameters\":{\"x\":\"\(text)\"}}".utf8)
        #expect(throws: Never.self) { _ = try bytes.withUnsafeBytes { try Call(parsing: $0) } }
    }
}
