import SqzDaemon
import Testing

@Suite struct InTurnsTests {
    @Test(arguments: [
        ("", ""), ("a1 a2 a3", "a1 a2 a3"), ("a1 a2 a3 b1", "a1 b1 a2 a3"), ("a1 a2 b1 c1 b2 a3", "a1 b1 c1 a2 b2 a3"),
    ])
    func whoHasManyWaitsBehindWhoHasFew(waiting: String, order: String) {
        let words = waiting.split(separator: " ")
        let ordered = words.inTurns { $0.first! }
        #expect(ordered.joined(separator: " ") == order)
        #expect(ordered.inTurns { $0.first! } == ordered)
    }
}
