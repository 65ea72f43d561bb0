internal import Glibc
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
    /// - Parameter threads: the calling one included. They live as long as the call: a runner that waits has none of them.
    static func read(_ images: [String], threads: Int) -> [Found] {
        let reading = PictureReading(images)
        let helpers = (1..<max(1, min(threads, images.count))).compactMap { _ in reading.startHelper() }
        reading.work()
        for helper in helpers { pthread_join(helper, nil) }
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

    /// Where there is no further thread to be had, those that there are do the work.
    private func startHelper() -> pthread_t? {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<PictureReading>.fromOpaque(context!).takeRetainedValue().work()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            return nil
        }
        return thread
    }
}
