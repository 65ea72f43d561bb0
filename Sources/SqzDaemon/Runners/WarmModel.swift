internal import JobStore
internal import SqzProtocol
internal import Synchronization

/// A model that is loaded, or about to be: what waits for it, and what its runners have in hand. Whoever wants it adds requests;
/// the tasks that have its runners serve them. The first runner is the model's for as long as it is loaded, others help it.
final class WarmModel: Sendable {
    let model: Model
    private let serving: ServingMetrics
    private let state: Mutex<WarmQueue>
    /// For each runner's place, has an element when something changed for whoever sends to it.
    private let signals = Limits.runnersPerModel.map { _ in
        AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }
    /// Who waits for other settings.
    private let change = Mutex<PendingReply<Void>?>(nil)

    /// With requests that wait for it.
    init(_ model: Model, _ serving: ServingMetrics, for requests: [Request]) {
        (self.model, self.serving) = (model, serving)
        state = Mutex(WarmQueue(waiting: requests))
    }

    /// Since when nobody uses it; nil while somebody does.
    var idleSince: ContinuousClock.Instant? { state.withLock { $0.isIdle ? $0.lastUse : nil } }

    var settings: ServingSettings { state.withLock { $0.settings } }

    /// It is served like that from now on.
    func apply(_ settings: ServingSettings) {
        state.withLock { $0.settings = settings }
        change.withLock { $0 }?.resume(with: .success(()))
        for place in signals.indices { wake(place) }
    }

    /// Comes when there are other settings.
    func nextSettings() -> PendingReply<Void> {
        let next = PendingReply<Void>()
        change.withLock { $0 = next }
        return next
    }

    private func wake(_ place: Int) { signals[place].continuation.yield() }

    /// Has a request wait for its runner. Gives false where that is about to end. Throws `SqzError.busy` where too many of the
    /// user's wait, or of all.
    func add(_ request: Request) throws(SqzError) -> Bool {
        let runners = try state.withLock { state throws(SqzError) -> [Int]? in
            guard !state.isFinished else { return nil }
            if let limit = state.limit(metBy: request.uid) {
                let place = state.place(of: request.uid)
                throw SqzError.busy(limit: limit, place: place, seconds: state.seconds(for: place))
            }
            state.take([request])
            return (0..<state.runners).filter(state.mayHaveSome)
        }
        guard let runners else { return false }
        for place in runners { wake(place) }
        return true
    }

    /// Has requests that another runner left wait for this one. Gives false where that is about to end.
    func takeOver(_ requests: [Request]) -> Bool {
        let isTaken = state.withLock { state in
            if !state.isFinished { state.take(requests) }
            return !state.isFinished
        }
        if isTaken { wake(0) }
        return isTaken
    }

    /// Its runners end once they have answered what waits.
    func finish() {
        state.withLock { $0.isFinished = true }
        for place in signals.indices { wake(place) }
    }

    /// Its runners end, if nobody uses it.
    func finishIfIdle() -> Bool {
        let isIdle = state.withLock { state in
            state.isFinished = state.isFinished || state.isIdle
            return state.isIdle
        }
        if isIdle { for place in signals.indices { wake(place) } }
        return isIdle
    }

    /// Its first runner has ended, because of `failure`. Answers what waits, but for what is to have another runner, which is
    /// returned. A runner may have been killed while it was idle: one that comes twice to such an end with a request was not.
    func close(_ failure: any Error, retries: Bool) -> [Request] {
        let (waiting, goesOn) = state.withLock { state in
            state.isFinished = true
            return (state.takeWaiting(), state.hasFailed && retries)
        }
        for place in signals.indices { wake(place) }
        let others = waiting.filter { goesOn && $0.failures < 2 }
        for request in waiting where !goesOn || request.failures >= 2 {
            request.reply.resume(with: .failure(failure))
        }
        return others
    }

    // Further runners

    /// One is to be at this place; false where there is one, or is to be none.
    func begin(at place: Int) -> Bool { state.withLock { $0.begin(at: place) } }

    func end(at place: Int) { state.withLock { $0.end(at: place) } }

    /// The runner at this place has ended; gives true as soon as there is work for another one, false where none is wanted any more.
    func needsAnother(at place: Int) async -> Bool {
        for await _ in signals[place].stream {
            let (isWanted, isOver) = state.withLock { ($0.isWanted(place), $0.isFinished || $0.isOver(place)) }
            if isWanted || isOver { return isWanted }
        }
        return false
    }

    // Serving

    /// Answers what comes, with the runner at this place that has loaded it, until nothing more will.
    ///
    /// - Parameter executor: of the thread that both sending and receiving work in.
    func serve(_ link: inout RunnerLink, at place: Int, on executor: (any TaskExecutor)?) async throws {
        let calls = link.calls
        let sent = AsyncStream.makeStream(of: Void.self)
        state.withLock { $0.enter(place) }
        // There may be work since before it was ready.
        wake(place)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: executor) {
                    defer { sent.continuation.finish() }
                    try await self.send(to: calls, at: place, telling: sent.continuation)
                }
                for await _ in sent.stream { try answer(try await link.results(), of: place) }
                try await group.waitForAll()
            }
            state.withLock { $0.leave(place) }
        } catch {
            state.withLock { $0.putAllBack(from: place) }
            for place in signals.indices { wake(place) }
            throw error
        }
    }

    private func send(to calls: RunnerLink.Calls, at place: Int, telling sent: AsyncStream<Void>.Continuation)
        async throws
    {
        try await withThrowingDiscardingTaskGroup { group in
            var signals = signals[place].stream.makeAsyncIterator()
            /// When it is woken next, of itself.
            var alarm = ContinuousClock.now
            repeat {
                next: while true {
                    switch state.withLock({ $0.next(for: place) }) {
                    case .call(let requests): try await send(requests, to: calls, at: place, telling: sent)
                    case .later(let due):
                        if alarm <= .now || due < alarm {
                            alarm = due
                            group.addTask {
                                // Cancelled means that no more is sent.
                                do { try await Task.sleep(until: due) } catch { return }
                                self.wake(place)
                            }
                        }
                        break next
                    case .nothing: break next
                    }
                }
                if state.withLock({ $0.isOver(place) }) { break }
            } while await signals.next() != nil
            group.cancelAll()
        }
    }

    private func send(
        _ requests: [Request], to calls: RunnerLink.Calls, at place: Int, telling sent: AsyncStream<Void>.Continuation
    ) async throws {
        let images = requests.flatMap(\.images)
        // Whoever asks with no pictures wanted to know that it is loaded.
        if images.isEmpty {
            let loaded = state.withLock { $0.takeBack(from: place) }
            for request in loaded { request.reply.resume(with: .success(Answer(results: []))) }
        } else {
            try await calls.classify(images, top: requests[0].top, flips: requests[0].flips)
            serving.addBatch(of: images.count, to: model)
            sent.yield()
        }
    }

    /// Answers requests of the first call that a runner has, and frees its place.
    private func answer(_ reply: Result<RunnerLink.Results, SqzError>, of place: Int) throws {
        let answers = try state.withLock { state in
            guard let call = state.first(of: place) else { throw SqzError.runnerFailed(reason: "it was asked nothing") }
            guard let answers = try Self.answers(call, reply) else {
                // One caller's bad picture is not the others' trouble.
                state.putBack(call.requests) { $0.isAlone = true }
                state.removeFirst(of: place)
                return [(Request, Result<Answer, any Error>)]()
            }
            state.removeFirst(of: place)
            // What one could not have of a call is asked for anew, first.
            state.putBack(answers.filter { $0.1 == nil }.map(\.0))
            return answers.compactMap { request, outcome in outcome.map { (request, $0) } }
        }
        // Whoever has the reply may count on the model's being idle.
        for (request, outcome) in answers { request.reply.resume(with: outcome) }
        wake(place)
    }

    /// What each request comes to: nil where it was shortened. Nil for all where one had a picture on which the runner gave up.
    private static func answers(
        _ call: WarmQueue.Call, _ reply: Result<RunnerLink.Results, SqzError>
    ) throws -> [(Request, Result<Answer, any Error>?)]? {
        let results: RunnerLink.Results
        switch reply {
        case .success(let told): results = told
        case .failure(let error) where error.isBadImage:
            return call.requests.count > 1 ? nil : [(call.requests[0], .failure(error))]
        case .failure(let error): throw error
        }
        var rest = results.pictures[...]
        guard rest.count == call.requests.reduce(0, { $0 + $1.images.count }), rest.first?.isLeft != true else {
            throw SqzError.runnerFailed(reason: "it left pictures out")
        }
        let time = call.sent.duration(to: .now)
        let engine = try call.requests.contains(where: \.wantsTimings) ? results.checkedEngine() : nil
        return call.requests.enumerated().map { place, request in
            var request = request
            request.add(inHand: time, engine: engine)
            let own = rest.prefix(request.images.count)
            rest = rest.dropFirst(own.count)
            let found = own.prefix { !$0.isLeft }
            // Only who was first had all that a call may take.
            if place > 0, found.count < own.count {
                request.found += found
                request.images.removeFirst(found.count)
                return (request, nil)
            }
            return (
                request,
                .success(Answer(results: request.found + own, timings: request.wantsTimings ? request.timings : nil))
            )
        }
    }
}

extension SqzError {
    fileprivate var isBadImage: Bool { if case .badImage = self { true } else { false } }
}
