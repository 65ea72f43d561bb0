import SqzProtocol
import Testing
import Varlink

/// Predictions that are kept as their runner wrote them, where it writes as ours does.
@Suite struct WrittenPredictionTests {
    private static func read(_ text: String) throws -> WrittenPrediction? {
        try Array(text.utf8).withUnsafeBytes { try WrittenPrediction($0) }
    }

    private static let predictions = [
        Prediction(picture: 0, classes: []),
        Prediction(
            picture: 7, label: 3, classes: [ClassProbability(index: 3, name: "a]\"}{,[\\", probability: 0.5)],
            file: "test/ä\"classes\":[/]7.png"),
        Prediction(
            picture: 8, label: 0,
            classes: (0..<5).map { ClassProbability(index: $0, name: "class \($0)", probability: 0.2) }),
    ]

    @Test(arguments: predictions) func itIsWhatWasWritten(prediction: Prediction) throws {
        let text = String(decoding: try JSON.encode(prediction), as: UTF8.self)
        let read = try #require(try Self.read(text))
        #expect(read == (try WrittenPrediction(prediction)))
        #expect(try JSON.decode([ClassProbability].self, from: Array(read.classes.utf8)) == prediction.classes)
    }

    /// What must be read as any other.
    @Test(arguments: [
        #"{"picture":1,"classes": []}"#, #"{"picture":1,"classes":[],"more":1}"#, #"{"picture":1}"#, "", "{",
        #"{"picture":1.5,"classes":[]}"#, #"{"picture":1,"label":null,"classes":[]}"#, #"{"picture":1,"classes":[1]}"#,
        #"{"picture":1,"x":{"classes":[]},"classes":[]}"#, #"{"picture":1,"classes":{}}"#,
        #"{"picture":1,"classes":[{"index":0,"name":"a","probability":1,"more":1}]}"#,
        #"{"picture":1,"classes":[{"index":0,"name":"a"}]}"#, #"{"picture":1,"classes":[],"file":1}"#,
    ])
    func otherTextIsLeft(text: String) throws { #expect(try Self.read(text) == nil) }

    @Test(arguments: [
        (#"{"picture":-1,"classes":[]}"#, "predictions.picture"),
        (#"{"picture":1,"label":-1,"classes":[]}"#, "predictions.label"),
        (#"{"picture":1,"classes":[{"index":-1,"name":"a","probability":1}]}"#, "classes.index"),
        (#"{"picture":1,"classes":[{"index":1,"name":"a","probability":1.5}]}"#, "classes.probability"),
        (
            #"{"picture":1,"classes":[{"index":1,"name":"\#(String(repeating: "n", count: 256))","probability":1}]}"#,
            "a class's name"
        ),
        (#"{"picture":1,"classes":[],"file":"\#(String(repeating: "f", count: 3_073))"}"#, ""),
    ])
    func numbersThatCannotBeAreRefused(text: String, words: String) throws {
        let error = #expect(throws: SqzError.self) { try Self.read(text) }
        #expect("\(try #require(error))".contains(words))
    }
}
