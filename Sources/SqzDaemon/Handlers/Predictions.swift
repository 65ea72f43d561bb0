internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func predictions(_ parameters: JobsInterface.Predictions.Parameters, to replies: Replies) async throws {
        let limit = parameters.limit ?? Limits.predictionsPerReply
        guard (1...Limits.predictionsPerReply).contains(limit) else {
            throw SqzError.invalidOption(
                option: "limit", reason: "must be from 1 to \(Limits.predictionsPerReply), is \(limit)")
        }
        let job = try await store.job(parameters.id)
        let id = job.id
        // Some may still be there.
        if let time = job.predictionsRemovedAt {
            throw SqzError.invalidOption(
                option: "id", reason: "the predictions of job \(id) were removed on \(Timestamp.text(time))")
        }
        var page = try await store.predictions(of: id, from: parameters.first ?? 0, limit: limit)
        if page.last == nil, try await store.predictions(of: id, from: 0, limit: 1).last == nil {
            throw SqzError.invalidOption(option: "id", reason: "job \(id) \(Self.withoutPredictions(job))")
        }
        while replies.mode == .more, let last = page.last, last < .max {
            let next = try await store.predictions(of: id, from: last + 1, limit: limit)
            guard next.last != nil else { break }
            try await replies.send(text: Self.reply(page), continues: true)
            page = next
        }
        try await replies.send(text: Self.reply(page))
    }

    /// What `JobsInterface.Predictions.Reply` says.
    private static func reply(_ page: PredictionPage) -> [UInt8] {
        Array(#"{"predictions":"#.utf8) + page.text + [UInt8(ascii: "}")]
    }

    /// Why there are none.
    private static func withoutPredictions(_ job: Job) -> String {
        switch job.state {
        case .succeeded: "is of the kind \(job.kind), which makes no predictions"
        case .queued, .paused, .running: "is \(job.state.rawValue) and has made no predictions yet"
        case .failed, .cancelled: "\(job.state == .failed ? "failed" : "was cancelled") before it made a prediction"
        }
    }
}
