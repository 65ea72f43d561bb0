internal import GRDB
public import SqzProtocol

// What is done to all jobs of a sweep, each in one transaction: no job of it begins meanwhile.
extension JobStore {
    /// The jobs of a sweep that are in one of `states` become `state`, and those that run, too, as soon as they stop: their ids are
    /// given, and `intend` is for the caller. Throws `SqzError.noSuchSweep`.
    public func move(
        sweep name: String, from states: Set<State>, to state: State, reason: String, at time: Int
    ) async throws -> (changes: [Change], running: [Int]) {
        try await database.write { database in
            let running = try Self.ids(ofSweep: name, in: [.running], database)
            let changes = try Self.ids(ofSweep: name, in: states, database).flatMap { id in
                try Self.move(id, to: state, Event(time: time, kind: .state, reason: reason), in: database)
            }
            return (changes, running)
        }
    }

    /// The jobs of a sweep that are in one of `states` go back to the queue. Throws as for one job.
    public func putBack(
        sweep name: String, from states: Set<State>, reason: String, at time: Int, limits: QueueLimits
    ) async throws -> [Change] {
        try await database.write { database in
            try Self.ids(ofSweep: name, in: states, database).flatMap { id in
                try Self.putBack(id, from: states, reason: reason, at: time, limits: limits, in: database)
            }
        }
    }

    /// The jobs of a sweep that have not ended get another priority.
    public func prioritize(sweep name: String, _ priority: Int) async throws -> [(before: Int, job: Job)] {
        try await database.write { database in
            try Self.ids(ofSweep: name, in: [.queued, .running, .paused], database).map { id in
                try Self.prioritize(id, priority, in: database)
            }
        }
    }
}
