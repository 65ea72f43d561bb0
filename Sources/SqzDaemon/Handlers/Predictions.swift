internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func predictions(_ parameters: JobsInterface.Predictions.Parameters, to replies: Replies) async throws {
        typealias Reply = JobsInterface.Predictions.Reply
        let limit = parameters.limit ?? Limits.predictionsPerReply
        guard (1...Limits.predictionsPerReply).contains(limit) else {
            throw SqzError.invalidOption(
                option: "limit", reason: "must be from 1 to \(Limits.predictionsPerReply), is \(limit)")
        }
        let id = try await store.job(parameters.id).id
        var first = parameters.first ?? 0
        var page = try await store.predictions(of: id, from: first, limit: limit)
        while replies.mode == .more, page.count == limit {
            first = page[page.count - 1].picture + 1
            let next = try await store.predictions(of: id, from: first, limit: limit)
            try await replies.send(Reply(predictions: page), continues: true)
            page = next
        }
        try await replies.send(Reply(predictions: page))
    }
}
