internal import JobStore
internal import SqzProtocol
internal import Synchronization

/// A model that is loaded, or about to be: what waits for it, and what its runner has in hand. Whoever wants it adds requests;
/// the task that has its runner serves them.
final class WarmModel: Sendable {
    let model: Model

    struct Request {
        let images: [String]
        let top: Int
        let reply = PendingReply<[Classification]>()
        /// Runners that did not survive it.
        var failures = 0
    }

    private struct State {
        var waiting: [Request] = []
        var lastUse = ContinuousClock.now
        /// Requests that its runner works on.
        var inHand = 0
        /// The runner ended, or broke, while it had requests: others that wait are not to suffer for them.
        var hasFailed = false
    }

    private let state = Mutex(State())
    /// Has an element when something waits; ends when nothing more will.
    private let signal = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(_ model: Model) { self.model = model }

    var isFull: Bool { state.withLock { $0.waiting.count >= Limits.waitingCalls } }
    /// Since when nobody uses it; nil while somebody does.
    var idleSince: ContinuousClock.Instant? {
        state.withLock { $0.waiting.isEmpty && $0.inHand == 0 ? $0.lastUse : nil }
    }

    /// Has requests wait for its runner.
    func add(_ requests: [Request]) {
        state.withLock { state in
            state.waiting += requests
            state.lastUse = .now
        }
        signal.continuation.yield()
    }

    /// Its runner ends once it has answered what waits.
    func finish() { signal.continuation.finish() }

    /// Its runner has ended, because of `failure`. Answers what waits, but for what is to have another runner, which is
    /// returned. A runner may have been killed while it was idle: one that comes twice to such an end with a request was not.
    func close(_ failure: any Error, retries: Bool) -> [Request] {
        let (waiting, goesOn) = state.withLock { ($0.waiting, $0.hasFailed && retries) }
        let others = waiting.filter { goesOn && $0.failures < 2 }
        for request in waiting where !goesOn || request.failures >= 2 {
            request.reply.resume(with: .failure(failure))
        }
        return others
    }

    /// Answers what comes, with the runner that has loaded it, until nothing more will.
    func serve(_ link: inout RunnerLink) async throws {
        for await _ in signal.stream {
            while case let batch = takeBatch(), !batch.isEmpty { try await answer(batch, &link) }
        }
    }

    /// The first requests that wait, as many as fit one batch.
    private func takeBatch() -> [Request] {
        state.withLock { state in
            var (count, images, bytes) = (0, 0, 0)
            for request in state.waiting {
                images += request.images.count
                bytes += request.images.reduce(0) { $0 + $1.utf8.count }
                let fits = images <= Limits.imagesPerBatch && bytes <= Limits.bytesPerBatch
                guard count == 0 || fits && request.top == state.waiting[0].top else { break }
                count += 1
            }
            defer { state.waiting.removeFirst(count) }
            state.inHand = count
            return Array(state.waiting[..<count])
        }
    }

    /// Answers requests. Those that the runner did not survive, or could not answer, wait again.
    private func answer(_ batch: [Request], _ link: inout RunnerLink) async throws {
        do {
            let images = batch.flatMap(\.images)
            var results = try await link.call(RunnerInterface.Classify.self, .init(images: images, top: batch[0].top))
                .results[...]
            guard results.count == images.count else { throw SqzError.runnerFailed(reason: "it left pictures out") }
            settle(batch.count)
            for request in batch {
                request.reply.resume(with: .success(Array(results.prefix(request.images.count))))
                results = results.dropFirst(request.images.count)
            }
        } catch let error as SqzError where error.isBadImage {
            guard batch.count > 1 else {
                settle(1)
                return batch[0].reply.resume(with: .failure(error))
            }
            // One caller's bad picture is not the others' trouble.
            for (place, request) in batch.enumerated() {
                do {
                    try await answer([request], &link)
                } catch {
                    putBack(batch[(place + 1)...], failed: false)
                    throw error
                }
            }
        } catch {
            putBack(batch[...], failed: true)
            throw error
        }
    }

    /// So many requests are about to be answered: whoever has the reply may count on the model's being idle.
    private func settle(_ count: Int) { state.withLock { $0.inHand -= count } }

    private func putBack(_ requests: ArraySlice<Request>, failed: Bool) {
        state.withLock { state in
            state.hasFailed = true
            state.inHand -= requests.count
            let again = requests.map { request in
                var request = request
                request.failures += failed ? 1 : 0
                return request
            }
            state.waiting.insert(contentsOf: again, at: 0)
        }
    }
}

extension SqzError {
    fileprivate var isBadImage: Bool { if case .badImage = self { true } else { false } }
}
