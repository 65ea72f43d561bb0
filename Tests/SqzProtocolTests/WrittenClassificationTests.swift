import SqzProtocol
import Testing
import Varlink

@Suite struct WrittenClassificationTests {
    private func isOne(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes(WrittenClassification.isOne) }

    @Test(arguments: [
        #"{"classes":[]}"#, #"{"classes":[],"label":0}"#,
        #"{"classes":[{"index":0,"name":"a b","probability":1}]}"#,
        #"{"classes":[{"index":12,"name":"","probability":0.25},{"index":3,"name":"x","probability":1.5e-07}],"label":255}"#,
        #"{"classes":[{"index":0,"name":"[]{},:","probability":1.0e+01}]}"#,
    ])
    func whatTheRunnerWritesIsKnown(text: String) throws {
        #expect(isOne(text))
        _ = try JSON.decode(Classification.self, from: Array(text.utf8))
        for length in 0..<text.utf8.count { #expect(!isOne(String(text.prefix(length)))) }
        #expect(!isOne(text + " ") && !isOne(" " + text) && !isOne(text + "}"))
    }

    /// Some of it is JSON, which is for the parser to say.
    @Test(arguments: [
        "01", "-1", "1.", ".5", "1e", "1e999", "+1", "1234567890123456", "NaN", "0x1", "1.5.5", "1e+-1", "", "null",
        "\"1\"",
    ])
    func otherNumbersAreNotKnown(number: String) {
        #expect(!isOne(#"{"classes":[{"index":0,"name":"a","probability":\#(number)}]}"#))
        #expect(!isOne(#"{"classes":[{"index":\#(number),"name":"a","probability":1}]}"#))
        #expect(!isOne(#"{"classes":[],"label":\#(number)}"#))
    }

    @Test(arguments: [
        #"{"classes":[],"problem":"x"}"#, #"{"classes":[],"classes":[]}"#, #"{"classes":[],"label":1,"label":1}"#,
        #"{"classes":[{"index":0,"name":"\n","probability":1}]}"#,
        #"{"classes":[{"index":0,"name":"ü","probability":1}]}"#,
        #"{"classes":[{"index":0,"name":"a","probability":1},]}"#, #"{"classes":[,]}"#, #"{"label":1}"#, "[]", "{}",
        "{\"classes\":[{\"index\":0,\"name\":\"\u{1}\",\"probability\":1}]}",
    ])
    func allElseIsNotKnown(text: String) { #expect(!isOne(text)) }
}
