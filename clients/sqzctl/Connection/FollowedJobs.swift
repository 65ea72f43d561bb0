internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Several jobs that are followed at once, each on a connection of its own.
struct FollowedJobs {
    private let common: Common
    /// Whether what jobs came to is told class by class.
    private let showsClasses: Bool
    /// What gets what their epochs come to.
    private let events: EventFolder?
    private var jobs: [FollowedJob]

    private struct FollowedJob {
        let id: Int
        var client: Client
        /// The last event that was seen.
        var seen = 0
        var last = State.queued
        /// Of one that runs.
        var progress: Progress?
        /// Whether this connection has said anything.
        var heard = false
    }

    init(_ ids: [Int], _ common: Common, showsClasses: Bool, events: EventFolder?) throws {
        self.common = common
        self.events = events
        self.showsClasses = showsClasses
        jobs = try ids.map { FollowedJob(id: $0, client: try Daemon(common).watch($0, after: 0)) }
    }

    /// Goes on until all have ended, or nobody reads on; gives their last states.
    mutating func follow(whileRead: Bool) throws -> [State] {
        var ends: [State] = []
        defer { Output.endLive() }
        while !jobs.isEmpty, !whileRead || Output.isOpen {
            for index in try Client.ready(jobs.map(\.client)).reversed() {
                if try !receive(index) { continue }
                ends.append(jobs[index].last)
                jobs.remove(at: index)
            }
            if !common.json { showLive(ended: ends.count) }
        }
        return ends
    }

    /// Takes a job's next event; tells whether it has ended.
    private mutating func receive(_ index: Int) throws -> Bool {
        let id = jobs[index].id
        let reply: Reply
        let told: JobsInterface.Watch.Reply
        do {
            reply = try jobs[index].client.receive(JobsInterface.Watch.self)
            told = try reply.parameters(JobsInterface.Watch.Reply.self)
        } catch ConnectionError.closed where jobs[index].heard {
            // A daemon that is restarted keeps its socket.
            Output.endLive()
            do {
                jobs[index].client = try Daemon(common).watch(id, after: jobs[index].seen)
            } catch let error as ConnectionError {
                throw LostJob(id: id, error: error)
            }
            jobs[index].heard = false
            return false
        } catch let error as ConnectionError {
            Output.endLive()
            throw LostJob(id: id, error: error)
        }
        jobs[index].heard = true
        if common.json { try Output.json(reply) }
        if let event = told.event {
            jobs[index].seen = event.sequence ?? jobs[index].seen
            jobs[index].last = event.state ?? jobs[index].last
            jobs[index].progress = event.kind == .state ? nil : event.progress
            if event.kind == .epoch || event.state?.isEnd == true {
                try events?.add(try Daemon(common.quiet).trainingRun(id))
            }
            if !common.json {
                Following.tell(event, of: id)
                if showsClasses { ClassTable.print(event.outcome?.byClass) }
            }
        }
        if reply.continues { return false }
        if !jobs[index].last.isEnd {
            // Somebody asked for events after the last one.
            jobs[index].last = try Daemon(common).call(JobsInterface.Show.self, .init(id: id)).job.state
        }
        return true
    }

    /// A line for each job that runs, as many as half of the terminal holds, and one for all.
    private func showLive(ended: Int) {
        let running = jobs.filter { $0.last == .running && $0.progress != nil }
        Output.live { columns, rows in
            let shown = running.prefix(max(rows / 2 - 1, 1))
            let lines = shown.compactMap { job in
                job.progress.map { LiveLine.text(of: job.id, $0, columns: columns) }
            }
            let counts = [
                (running.count - shown.count, "more run"), (jobs.count - running.count, "wait"),
                (ended, "have ended"),
            ].filter { $0.0 > 0 }.map { "\($0) \($1)" }
            return lines + (counts.isEmpty ? [] : [counts.joined(separator: ", ")])
        }
    }
}

extension Daemon {
    /// A connection on which all that happens to a job is told.
    fileprivate func watch(_ id: Int, after sequence: Int) throws -> Client {
        let client = try connect()
        try client.send(JobsInterface.Watch.self, .init(id: id, after: sequence), mode: .more)
        return client
    }
}
