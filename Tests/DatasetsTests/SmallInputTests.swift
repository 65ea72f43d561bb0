import Datasets
import Testing

/// A picture to classify.
struct PictureRecordTests {
    @Test func takesAPictureOrARecord() throws {
        let bytes = (0..<3_073).map { UInt8(truncatingIfNeeded: $0) }
        let record = try PictureRecord(bytes: bytes)
        #expect(record.label == 0)
        #expect(record.pixels == Array(bytes[1...]))
        let picture = try PictureRecord(bytes: Array(bytes[..<3_072]))
        #expect(picture.label == nil)
        #expect(picture.pixels == Array(bytes[..<3_072]))
    }

    @Test(arguments: [0, 3_071, 3_074, 6_144])
    func refusesEveryOtherSize(size: Int) throws {
        let error = try #require(throws: DatasetError.self) {
            try PictureRecord(bytes: [UInt8](repeating: 0, count: size))
        }
        #expect(
            "\(error)"
                == "a picture of \(size) bytes; right would be 3072 (the red, green and blue planes of 32x32) or "
                + "3073 (a label, then the picture)")
    }
}

/// The text of a list of class names.
struct ClassNamesTests {
    @Test(arguments: [
        "a b\nc\n", "a b\nc", " a b \t\nc\n\n\n", "a b\r\nc\r\n", "\u{FEFF}a b\nc\n", "\u{FEFF} a b\r\nc\r\n",
    ])
    func takesANameALine(text: String) throws {
        #expect(try ClassNames.parse(Array(text.utf8), file: "f") == ["a b", "c"])
    }

    @Test(arguments: [
        ("", "f: no class names; one a line would be right"),
        ("\n\n", "f: no class names; one a line would be right"),
        ("a\n\nb\n", "f: the name of class 1 is empty; one a line would be right"),
        ("a\nb\na", "f: classes 0 and 2 have the same name: a"),
        ("a\u{1b}[2J", "f: the name of class 0 has a control character"),
    ])
    func refusesOthers(text: String, description: String) throws {
        let error = try #require(throws: DatasetError.self) { try ClassNames.parse(Array(text.utf8), file: "f") }
        #expect("\(error)" == description)
    }

    @Test func refusesWhatIsNotUTF8() throws {
        let error = #expect(throws: DatasetError.self) { try ClassNames.parse([0x61, 0xff], file: "f") }
        #expect(error == DatasetError(.malformed, "f", "the class names are not UTF-8"))
    }
}
