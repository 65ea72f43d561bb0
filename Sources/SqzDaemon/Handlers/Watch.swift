internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// Sends what has happened to a job, then what happens, until it ends.
    func watch(_ parameters: JobsInterface.Watch.Parameters, to replies: Replies) async throws {
        let id = parameters.id
        // Subscribed before the store is read: nothing falls between.
        let live = announcer.watchers.events(of: id)
        _ = try await store.job(id)
        var sent = parameters.after ?? 0
        /// Sends what the store has beyond `sent`; tells whether the job has ended.
        func catchUp() async throws -> Bool {
            // Asked first: of a job that has ended by then, all events are there.
            let ended = try await store.job(id).state.isEnd
            let events = try await store.events(of: id, after: sent)
            for (index, event) in events.enumerated() {
                let isLast = ended && index == events.count - 1
                try await replies.send(JobsInterface.Watch.Reply(event: event), continues: !isLast)
                sent = event.sequence ?? sent
            }
            // Asked for what comes after the end.
            if ended, events.isEmpty { try await replies.send(JobsInterface.Watch.Reply()) }
            return ended
        }
        if try await catchUp() { return }
        if let progress = announcer.watchers.progress(of: id) {
            try await replies.send(JobsInterface.Watch.Reply(event: progress), continues: true)
        }

        let merged = AsyncStream.makeStream(of: Event?.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                for await event in live { merged.continuation.yield(event) }
                merged.continuation.finish()
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: Limits.keepalive)
                    merged.continuation.yield(nil)
                }
            }
            for await event in merged.stream {
                guard let event, event.kind == .progress else {
                    if event == nil {
                        try await replies.send(JobsInterface.Watch.Reply(), continues: true)
                    } else if try await catchUp() {
                        return
                    }
                    continue
                }
                try await replies.send(JobsInterface.Watch.Reply(event: event), continues: true)
            }
        }
    }
}
