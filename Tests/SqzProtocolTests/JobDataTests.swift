import SqzProtocol
import Testing

/// Whether a data set's classes are a model's.
@Suite struct JobDataTests {
    @Test func classesAreComparedByName() {
        let names = ["cat", "dog", "cow"]
        #expect(JobKind.mismatch(of: names, with: names) == nil)
        // Numbers fit any names.
        #expect(JobKind.mismatch(of: ["0", "1", "2"], with: names) == nil)
        #expect(JobKind.mismatch(of: names, with: ["0", "1", "2"]) == nil)
        let order = JobKind.mismatch(of: ["dog", "cat", "cow"], with: names)
        #expect(
            order?.hasPrefix(
                "its class 0 is dog, the model's is cat; its class 1 is cat, the model's is dog; they are the same names in another order"
            ) == true, "\(order ?? "")")
        let one = JobKind.mismatch(of: ["cat", "dog", "c\u{1B}w"], with: names)
        #expect(one?.hasPrefix("its class 2 is c\\u{1b}w, the model's is cow; a model") == true, "\(one ?? "")")
        let many = JobKind.mismatch(of: (0..<9).map { "a\($0)" }, with: (0..<9).map { "b\($0)" })
        #expect(many?.contains("its class 4 is a4, the model's is b4; and 4 more differ;") == true, "\(many ?? "")")
    }

    @Test func classesOfAnotherNumberAreNamedToo() {
        #expect(
            JobKind.mismatch(of: ["cat", "emu"], with: ["cat", "dog", "cow"])
                == "it has 2 classes, the model was trained for 3; only it has emu; only the model has dog, cow")
        #expect(
            JobKind.mismatch(of: ["0", "1"], with: ["cat", "dog", "cow"])
                == "it has 2 classes, the model was trained for 3")
    }
}
