internal import JobStore
internal import NIOCore
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// The shortest way of a call of Classify: one picture, of a model that is known and loaded, for whoever wants one reply.
extension Handlers {
    struct SinglePicture {
        fileprivate let model: Model
        fileprivate let name: String
        fileprivate let skipsBad: Bool
        fileprivate let reply: PendingReply<WarmModel.Answer>
        fileprivate let start = ContinuousClock.now

        /// Nobody waits for it any more.
        func cancel() { reply.resume(with: .failure(CancellationError())) }
    }

    /// Has a picture wait for its model's runner; nil where the call is to go the way of all others, which also says what is wrong
    /// with it.
    ///
    /// - Parameter done: gets what comes of it, in any thread.
    func begin(
        _ call: Call, from peer: Peer, _ done: @escaping @Sendable (Result<WarmModel.Answer, any Error>) -> Void
    ) -> SinglePicture? {
        guard call.method == InferenceInterface.Classify.name, call.mode == .one,
            let parameters = try? call.parameters(InferenceInterface.Classify.Parameters.self),
            parameters.images.count == 1, PlainText.isPlain(parameters.images[0]), parameters.timeout == nil,
            parameters.timings != true, Limits.classesToName.contains(parameters.top ?? Limits.classesNamed),
            let model = knownModel(parameters.model, for: peer)?.model
        else { return nil }
        let request = WarmModel.Request(
            images: parameters.images, top: parameters.top ?? Limits.classesNamed, flips: parameters.flip ?? false,
            uid: peer.uid)
        request.reply.hear(done)
        // Where too many wait, that is the error of the long way.
        guard (try? warm.add(request, to: model)) == true else { return nil }
        counters.calls.add(1, ordering: .relaxed)
        return SinglePicture(
            model: model, name: "\(model.name)@\(model.version)", skipsBad: parameters.skipBad ?? false,
            reply: request.reply)
    }

    /// The message that answers a call.
    func end(_ call: SinglePicture, _ outcome: Result<WarmModel.Answer, any Error>) throws -> ByteBuffer {
        do {
            let results: [PictureResult]
            switch outcome {
            case .success(let answer): results = answer.results
            case .failure(let error):
                try warm.serving.add(error, to: call.model)
                throw error
            }
            warm.serving.addCall(to: call.model, since: call.start)
            let bad = results.count { $0.problem != nil }
            counters.classifiedImages.add(results.count - bad, ordering: .relaxed)
            warm.serving.add(pictures: results.count - bad, bad: bad, to: call.model)
            if !call.skipsBad, let reason = results.first?.problem {
                throw SqzError.badImage(index: 0, reason: reason)
            }
            return ByteBuffer(
                bytes: Reply.message(text: try InferenceInterface.Classify.reply(model: call.name, results, nil)))
        } catch let error as CancellationError {
            throw error
        } catch {
            let error = try ErrorMapping.wire(error, method: InferenceInterface.Classify.name)
            counters.errors.withLock { $0[error.name, default: 0] += 1 }
            return ByteBuffer(bytes: try Reply.message(error))
        }
    }

    /// As `model`, where it is remembered.
    private func knownModel(_ name: String?, for peer: Peer) -> StoredModel? {
        if let name { return store.knownModel(name) }
        return store.knownModel(of: Int(peer.uid), standard: configuration.current.defaultModel)
    }
}
