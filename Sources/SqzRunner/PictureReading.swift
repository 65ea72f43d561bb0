internal import Processors
internal import Synchronization

/// Reads the pictures of a call with several threads: they are begun in their order, each by the next thread that is free.
final class PictureReading: Sendable {
    typealias Found = Result<ReceivedPicture, ReceivedPicture.Problem>

    private let images: [String]
    private let budget = DecodingBudget()
    private let next = Atomic(0)
    private let found: Mutex<[Found?]>

    private init(_ images: [String]) {
        self.images = images
        found = Mutex(Array(repeating: nil, count: images.count))
    }

    /// What each of these is: base64 of what a `ReceivedPicture` is.
    ///
    /// - Parameter threads: the calling one included.
    static func read(_ images: [String], threads: Int) -> [Found] {
        let reading = PictureReading(images)
        Threads.run(min(threads, images.count), others: { reading.work() }, own: { reading.work() })
        return reading.found.withLock { $0.map { $0! } }
    }

    private func work() {
        while case let index = next.add(1, ordering: .relaxed).oldValue, index < images.count {
            let picture: Found
            do throws(ReceivedPicture.Problem) {
                picture = .success(try ReceivedPicture(base64: images[index], budget))
            } catch {
                picture = .failure(error)
            }
            found.withLock { $0[index] = picture }
        }
    }
}
