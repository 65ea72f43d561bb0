internal import Bitmaps
internal import Imaging
internal import Processors
internal import Synchronization

/// Reads pictures of a call with several threads: they are begun in their order, each by the next thread that is free.
final class PictureReading: Sendable {
    typealias Found = Result<ReceivedPicture, ReceivedPicture.Problem>

    private struct State {
        var budget: DecodingBudget
        /// The next one to begin.
        var next: Int
        var found: [Found?]
    }

    private let images: ArraySlice<String>
    private let square: Square
    private let state: Mutex<State>

    private init(_ images: ArraySlice<String>, _ square: Square, _ budget: DecodingBudget) {
        self.images = images
        self.square = square
        state = Mutex(State(budget: budget, next: images.startIndex, found: Array(repeating: nil, count: images.count)))
    }

    /// What each of these is: base64 of what a `ReceivedPicture` is.
    ///
    /// - Parameters:
    ///   - threads: the calling one included.
    ///   - budget: of the call; who finds too little is not looked at, nor is any after it.
    static func read(
        _ images: ArraySlice<String>, square: Square, threads: Int, _ budget: inout DecodingBudget
    ) -> [Found] {
        let reading = PictureReading(images, square, budget)
        Threads.run(min(threads, images.count), others: { reading.work() }, own: { reading.work() })
        return reading.state.withLock {
            budget = $0.budget
            return $0.found.map { $0! }
        }
    }

    private func work() {
        while let (index, sent) = begin() {
            let found = sent.flatMap { sent in
                Found { () throws(ReceivedPicture.Problem) in try ReceivedPicture(sent, square: square) }
            }
            state.withLock { $0.found[index - images.startIndex] = found }
        }
    }

    /// The next picture that may be looked at. One after the other, so that which these are does not depend on the threads; to
    /// decode one takes a hundred times as long.
    private func begin() -> (index: Int, sent: Result<SentPicture, ReceivedPicture.Problem>)? {
        state.withLock { state in
            guard state.next < images.endIndex else { return nil }
            let index = state.next
            guard !state.budget.isSpent else { return leave(from: index, &state) }
            let sent = Result { () throws(ReceivedPicture.Problem) in try SentPicture(base64: images[index]) }
            let header = if case .success(let sent) = sent { sent.header } else { PictureHeader?.none }
            guard state.budget.draw(header) else { return leave(from: index, &state) }
            state.next += 1
            return (index, sent)
        }
    }

    private func leave(from index: Int, _ state: inout State) -> (Int, Result<SentPicture, ReceivedPicture.Problem>)? {
        for index in index..<images.endIndex { state.found[index - images.startIndex] = .failure(.again) }
        state.next = images.endIndex
        return nil
    }
}
