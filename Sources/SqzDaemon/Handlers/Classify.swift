internal import JobStore
internal import SqzProtocol
internal import Synchronization
internal import Varlink

extension Handlers {
    func classify(
        _ parameters: InferenceInterface.Classify.Parameters, from peer: Peer, to replies: Replies
    ) async throws {
        // What is no base64 the runner is to say so of, without its breaking the call to it.
        let images = parameters.images.map { PlainText.isPlain($0) ? $0 : "?" }
        guard images.count <= Limits.imagesPerCall else {
            throw SqzError.tooManyImages(limit: Limits.imagesPerCall, images: images.count)
        }
        let skipsBad = parameters.skipBad ?? false
        // As base64; what a picture is, the runner finds out.
        let longest = (Limits.imageBytes + 2) / 3 * 4
        let tooLong = Set(images.indices.filter { images[$0].utf8.count > longest })
        if !skipsBad, let index = tooLong.min() { throw SqzError.badImage(index: index, reason: Self.tooLong) }
        let top = parameters.top ?? Limits.classesNamed
        guard Limits.classesToName.contains(top) else {
            throw ServiceError.invalidParameter(parameter: "top")
        }
        if let timeout = parameters.timeout, !Limits.classifyTimeout.contains(timeout) {
            throw ServiceError.invalidParameter(parameter: "timeout")
        }
        let deadline = parameters.timeout.map { (ContinuousClock.now + .milliseconds($0), timeout: $0) }
        let model = try await model(parameters.model, for: peer).model
        let name = "\(model.name)@\(model.version)"
        /// Those that were not sent yet, and how many of all there are answers to.
        var (results, answered) = ([PictureResult](), 0)
        /// Of those that were not sent yet.
        var timings: Timings?
        for turn in 1...Limits.turnsPerCall {
            let taken = images.indices[answered...].filter { !tooLong.contains($0) }.map { images[$0] }
            var found: [PictureResult] = []
            if !taken.isEmpty {
                // Behind those who have come meanwhile.
                let answer = try await keepingAlive(replies, model: name) {
                    try await warm.serving.measure(model) {
                        try await warm.classify(
                            taken, top: top, flips: parameters.flip ?? false, with: model, for: peer.uid,
                            by: deadline, timings: parameters.timings ?? false)
                    }
                }
                found = answer.results
                timings = timings.flatMap { answer.timings?.added(to: $0) } ?? answer.timings
                counters.classifiedImages.add(found.count { $0.problem == nil }, ordering: .relaxed)
                warm.serving.add(
                    pictures: found.count { $0.problem == nil },
                    bad: found.count { $0.problem != nil && !$0.isLeft }, to: model)
            }
            let isLast = turn == Limits.turnsPerCall || found.allSatisfy { !$0.isLeft }
            var rest = found[...]
            while answered < images.count, isLast || tooLong.contains(answered) || rest.first?.isLeft != true {
                let result =
                    tooLong.contains(answered)
                    ? try PictureResult(Classification(classes: [], problem: Self.tooLong)) : rest.removeFirst()
                if !skipsBad, let reason = result.problem { throw SqzError.badImage(index: answered, reason: reason) }
                results.append(result)
                answered += 1
            }
            if isLast {
                return try await replies.send(
                    text: try InferenceInterface.Classify.reply(model: name, results, timings))
            }
            guard replies.mode == .more else { continue }
            try await replies.send(
                text: try InferenceInterface.Classify.reply(model: name, results, timings), continues: true)
            (results, timings) = ([], nil)
        }
    }

    /// Waits for what a runner finds; who is sent one reply after the other hears meanwhile that there is none yet.
    private func keepingAlive(
        _ replies: Replies, model: String, _ body: @escaping @Sendable () async throws -> WarmModel.Answer
    ) async throws -> WarmModel.Answer {
        guard replies.mode == .more else { return try await body() }
        return try await withThrowingTaskGroup(of: WarmModel.Answer?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await body() }
            while true {
                group.addTask {
                    try await Task.sleep(for: Limits.keepalive)
                    return nil
                }
                if case let found?? = try await group.next() { return found }
                try await replies.send(InferenceInterface.Classify.Reply(model: model, results: []), continues: true)
            }
        }
    }

    /// What is named, else the caller's own newest, else the administrator's default.
    func model(_ name: String?, for peer: Peer) async throws -> StoredModel {
        if let name { return try await store.model(name) }
        return try await store.model(of: Int(peer.uid), standard: configuration.current.defaultModel)
    }

    private static let tooLong = "has more than \(Limits.imageBytes) bytes, the most that a picture may have"
}

extension Timings {
    /// Of two calls to a runner for the same pictures.
    fileprivate func added(to other: Timings) -> Timings {
        let engine = engine.flatMap { own in other.engine.map { $0 + own } }
        return Timings(queue: queue + other.queue, batch: batch + other.batch, engine: engine)
    }
}
