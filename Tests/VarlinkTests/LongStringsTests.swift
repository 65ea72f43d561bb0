import Testing
import Varlink

/// Strings of 512 bytes and more go past jansson; nobody may see it.
@Suite struct LongStringsTests {
    static let long = String(repeating: "aB3/", count: 200)
    static let mark = "\u{10FFFF}"

    private func value(_ text: String) throws -> JSONValue {
        try JSON.decode(JSONValue.self, from: Array(text.utf8))
    }

    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSON.encode(value), as: UTF8.self)
    }

    @Test func longStringsAreReadAndWrittenAsTheyAre() throws {
        let texts = [Self.long, "short", Self.long + "=", String(repeating: "ü", count: 600)]
        let written = try text(texts)
        #expect(written == "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]")
        #expect(try JSON.decode([String].self, from: Array(written.utf8)) == texts)
    }

    @Test(arguments: [
        #"a"b"#, "a\\b", "a\nb", "a\tb", "\u{1}", "\u{7F}", "ü", mark, mark + "0", "\\", "\"", "\\\"",
    ])
    func whatIsNotPlainComesBackToo(part: String) throws {
        for texts in [
            [Self.long + part], [part + Self.long], [Self.long, part, Self.long], [part, part + Self.long + part],
        ] {
            let written = try text(["k": texts])
            #expect(try JSON.decode([String: [String]].self, from: Array(written.utf8)) == ["k": texts])
            #expect(try value(written) == .object(["k": .array(texts.map(JSONValue.string))]))
            #expect(try text(try value(written)) == written)
        }
    }

    /// jansson writes a string in pieces, between what it escapes.
    @Test(arguments: [
        "\u{10FFFF}0", "\n\u{10FFFF}0", "\"\u{10FFFF}99", "a\\\u{10FFFF}0\\b", "\u{10FFFF}", "\n\u{10FFFF}x",
    ])
    func theMarkAnywhereIsOnlyText(text marked: String) throws {
        for texts in [[Self.long, marked], [marked, Self.long], [marked, Self.long, marked]] {
            #expect(try JSON.decode([String].self, from: try JSON.encode(texts)) == texts)
            let members = [marked: Self.long, "b": marked]
            #expect(try JSON.decode([String: String].self, from: try JSON.encode(members)) == members)
            let value = JSONValue.object([marked: .string(Self.long), Self.long: .string(marked)])
            #expect(try JSON.decode(JSONValue.self, from: try JSON.encode(value)) == value)
            let nested = [marked: [marked: [Self.long]]]
            #expect(try JSON.decode([String: [String: [String]]].self, from: try JSON.encode(nested)) == nested)
        }
    }

    /// What is put in a long string's place can't be sent, however it is spelled.
    @Test(arguments: ["\u{10FFFF}0", #"\uDBFF\uDFFF0"#, #"\udbff\udfff0"#, "\u{10FFFF}7"])
    func nobodyCanNameTheOthersPlaces(spelled: String) throws {
        let read = try JSON.decode([String].self, from: Array(#"["\#(Self.long)","\#(spelled)"]"#.utf8))
        #expect(read == [Self.long, spelled.contains("7") ? "\u{10FFFF}7" : "\u{10FFFF}0"])
    }

    @Test func longKeysAreComparedAndNamed() throws {
        let twice = #"{"\#(Self.long)":1,"\#(Self.long)" :2}"#
        #expect(throws: JSONError.self) { try value(twice) }
        #expect(try value(#"{"\#(Self.long)" : "\#(Self.long)"}"#) == .object([Self.long: .string(Self.long)]))
    }

    @Test func anErrorSaysWhereInTheWholeText() throws {
        for broken in [
            #"["\#(Self.long)",x]"#, #"["\#(Self.long)"#, #"["\#(Self.long)\"]"#, #"{"a":"\#(Self.long)" "b"}"#,
        ] {
            let error = #expect(throws: JSONError.self) { try value(broken) }
            #expect(error?.kind == .syntax)
        }
        let error = #expect(throws: JSONError.self) { try value(#"["\#(Self.long)",x]"#) }
        #expect(error?.reason.contains("column 80") == true, "\(String(describing: error))")
        let mismatch = #expect(throws: JSONError.self) {
            try JSON.decode([Int].self, from: Array(#"["\#(Self.long)"]"#.utf8))
        }
        #expect(mismatch?.description == "[0]: must be an integer, is a string")
    }

    @Test func longStringsCountAndBracketsInThemDoNot() throws {
        let brackets = String(repeating: "[", count: 600)
        #expect(try value(#"["\#(brackets)"]"#) == .array([.string(brackets)]))
    }
}

@Suite struct ReplyElementsTests {
    private func elements(_ message: String) -> [(String, Bool)]? {
        var message = message
        return message.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            return ReplyElements(of: "results", marking: ["problem", "again"], in: bytes)?.all.map {
                (String(decoding: bytes[$0.range], as: UTF8.self), $0.isMarked)
            }
        }
    }

    private struct Others: Decodable, Equatable {
        var results: [JSONValue]
        var more: Int?
    }

    @Test func whatIsBesideTheListIsReadAsAReply() throws {
        for (start, continues) in [("{", false), (#"{"continues":true,"#, true)] {
            let message = start + #""parameters":{"results":[{"a":[1]},{}],"more":7,"x":[{}]}}"#
            #expect(try #require(elements(message)).map(\.0) == [#"{"a":[1]}"#, "{}"])
            let reply = try Array(message.utf8).withUnsafeBytes {
                try #require(ReplyElements(of: "results", marking: [], in: $0)).reply()
            }
            #expect(reply.continues == continues)
            #expect(try reply.parameters(Others.self) == Others(results: [], more: 7))
        }
    }

    @Test func elementsAreFoundAsTheyAre() throws {
        let texts = [
            #"{"classes":[{"name":"a]}\"{","p":1}]}"#, #"{"classes":[],"problem":"x"}"#, "{}",
            #"{"a":{"problem":1}}"#, #"{"x":"again"}"#,
        ]
        let found = try #require(elements(#"{"parameters":{"results":[\#(texts.joined(separator: ","))]}}"#))
        #expect(found.map(\.0) == texts)
        #expect(found.map(\.1) == [false, true, false, false, true])
        #expect(try #require(elements(#"{"parameters":{"results":[]}}"#)).isEmpty)
    }

    @Test(arguments: [
        #"{"parameters":{"results":[{}],"more":}}"#, #"{"parameters":{"results": [{}]}}"#, #"{"error":"x"}"#,
        #"{"parameters":{"results":[{}],"results":[]}}"#, #"{"parameters":{"results":[{}]"#,
        #"{"parameters":{"results":["#,
        #"{"parameters":{"results":[1]}}"#, #"{"parameters":{"results":[{},]}}"#, #"{"parameters":{"results":[,{}]}}"#,
        #"{"parameters":{"results":[{}{}]}}"#, #"{"parameters":{"results":[{}]}],"x":[{}]}}"#,
        #"{"parameters":{"results":[{"a":]}]}}"#, #"{"parameters":{"results":[{"a":1]}]}}"#, "", "{}",
        #"{"continues":false,"parameters":{"results":[{}]}}"#, #"{"parameters":{"results":[{"a":"}]}}"#,
    ])
    func anotherShapeIsNotSeenAsOne(message: String) { #expect(elements(message) == nil) }
}

@Suite struct QuotedTests {
    @Test(arguments: [
        "", "plain", "a \"b\" \\ c", "\u{1}\n\t", "ä€😀", "\u{10FFFF}0", String(repeating: "\u{10FFFF}", count: 600),
    ])
    func textIsWrittenAsAStringIs(text: String) throws {
        let quoted = try JSON.quoted(text)
        #expect(Array("[".utf8) + quoted + Array("]".utf8) == (try JSON.encode([text])))
        #expect(try JSON.decode([String].self, from: Array("[".utf8) + quoted + Array("]".utf8)) == [text])
    }
}
