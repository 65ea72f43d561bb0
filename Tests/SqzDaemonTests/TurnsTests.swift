import SqzDaemon
import Testing

/// Whose call is worked on when.
@Suite struct TurnsTests {
    private let turns = Turns<Peer>(places: 2)
    private let many = Peer(uid: 1)
    private let few = Peer(uid: 2)

    /// Something that a test waits for.
    private typealias Signal = (stream: AsyncStream<String>, continuation: AsyncStream<String>.Continuation)

    private func signal() -> Signal { AsyncStream.makeStream(of: String.self) }

    /// Has `many` in both places, each until its end is finished.
    private func takeBothPlaces(
        _ group: inout ThrowingTaskGroup<Void, any Error>, _ began: Signal,
        _ starts: inout AsyncStream<String>.Iterator, until ends: [Signal]
    ) async {
        for end in ends {
            group.addTask {
                try await turns.take(many) {
                    began.continuation.yield("holder")
                    for await _ in end.stream {}
                }
            }
            #expect(await starts.next() == "holder")
        }
    }

    @Test func oneUsersCallsWaitForEachOtherAndAnotherUsersDoNot() async throws {
        let began = signal()
        let ends = [signal(), signal()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            var starts = began.stream.makeAsyncIterator()
            await takeBothPlaces(&group, began, &starts, until: ends)
            group.addTask { try await turns.take(many) { _ = began.continuation.yield("third") } }
            for _ in 0..<100 { try await turns.take(few) { _ = began.continuation.yield("other") } }
            for _ in 0..<100 { #expect(await starts.next() == "other") }
            ends[0].continuation.finish()
            #expect(await starts.next() == "third")
            ends[1].continuation.finish()
            try await group.waitForAll()
        }
    }

    @Test func whoGoesAwayWhileWaitingLeavesTheirPlaceToTheNext() async throws {
        let began = signal()
        let ends = [signal(), signal()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            var starts = began.stream.makeAsyncIterator()
            await takeBothPlaces(&group, began, &starts, until: ends)
            // No child of the group: it alone is cancelled, and awaited at once.
            let gone = Task { try await turns.take(many) { _ = began.continuation.yield("gone") } }
            gone.cancel()
            await #expect(throws: CancellationError.self) { try await gone.value }
            ends[0].continuation.finish()
            try await turns.take(many) { _ = began.continuation.yield("next") }
            #expect(await starts.next() == "next")
            ends[1].continuation.finish()
            try await group.waitForAll()
        }
    }
}
