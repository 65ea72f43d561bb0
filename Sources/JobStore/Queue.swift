/// How many jobs may run at the same time.
public struct RunningLimits: Equatable, Sendable {
    public var jobs: Int
    /// Of each user's.
    public var perUser: Int

    public init(jobs: Int, perUser: Int) {
        self.jobs = jobs
        self.perUser = perUser
    }
}

/// What runs and what waits at one moment, and who is next: of the jobs that wait for nothing but their turn the highest
/// priority, then the user whose jobs ran least in the last day, then the oldest. Who is next is decided here alone, for the
/// job that starts now as for those that are told when they will.
struct Queue {
    struct Waiting: Sendable {
        let id: Int
        let uid: Int
        let priority: Int
        /// It is not tried before this moment.
        var notBefore: Int?
        /// How long it is likely to run, in microseconds.
        var duration: Int?
    }

    struct Running: Sendable {
        let id: Int
        let uid: Int
        let since: Int
        /// When it is likely to end.
        var end: Int?
    }

    private(set) var time: Int
    let limits: RunningLimits
    private(set) var running: [Running]
    /// How long each user's jobs ran, in microseconds, but for what runs now.
    private var used: [Int: Int]
    /// The jobs of one priority that wait for their turn, by user, the oldest last.
    private var lanes: [Int: [Int: [Waiting]]] = [:]
    private var priorities: [Int] = []
    private var delayed: [Int: Waiting] = [:]
    /// Jobs that wait for others to end, and how many of these there still are.
    private var blocked: [Int: (job: Waiting, others: Int)] = [:]
    /// Who waits for a job, if it ends well.
    private var followers: [Int: [Int]] = [:]

    /// - Parameters:
    ///   - waiting: in the order of their ids.
    ///   - after: for each job that waits for others, which they are; false for those whose likely end does not let it run.
    init(
        at time: Int, limits: RunningLimits, running: [Running], waiting: [Waiting], used: [Int: Int],
        after: [Int: [(other: Int, isLikely: Bool)]]
    ) {
        self.time = time
        self.limits = limits
        self.running = running
        self.used = used
        // From the newest on: each lane's oldest job is its last.
        for job in waiting.reversed() {
            if let others = after[job.id], !others.isEmpty {
                blocked[job.id] = (job, others.count)
                for (other, isLikely) in others where isLikely { followers[other, default: []].append(job.id) }
            } else if let notBefore = job.notBefore, notBefore > time {
                delayed[job.id] = job
            } else {
                lanes[job.priority, default: [:]][job.uid, default: []].append(job)
            }
        }
        priorities = lanes.keys.sorted(by: >)
    }

    var hasRoom: Bool { running.count < limits.jobs }

    /// Removes the job that is next.
    mutating func takeNext() -> Waiting? {
        var counts: [Int: Int] = [:]
        var now = used
        for job in running {
            counts[job.uid, default: 0] += 1
            now[job.uid, default: 0] += max(0, time - job.since)
        }
        for priority in priorities {
            var best: (used: Int, id: Int, uid: Int)?
            for (uid, jobs) in lanes[priority, default: [:]] where counts[uid, default: 0] < limits.perUser {
                guard let first = jobs.last else { continue }
                let candidate = (now[uid, default: 0], first.id, uid)
                if best.map({ candidate < $0 }) ?? true { best = candidate }
            }
            guard let best else { continue }
            let job = lanes[priority]?[best.uid]?.popLast()
            if lanes[priority]?[best.uid]?.isEmpty == true { lanes[priority]?[best.uid] = nil }
            if lanes[priority]?.isEmpty == true { priorities.removeAll { $0 == priority } }
            return job
        }
        return nil
    }

    /// Running jobs of which nobody knows when they end take this long from now on.
    mutating func assume(_ duration: Int) {
        for index in running.indices where running[index].end == nil { running[index].end = time + duration }
    }

    mutating func start(_ job: Waiting, until end: Int) {
        running.append(Running(id: job.id, uid: job.uid, since: time, end: end))
    }

    /// Goes to the next moment at which something ends or may be tried again; false where there is none.
    mutating func advance() -> Bool {
        guard let next = (running.compactMap(\.end) + delayed.values.compactMap(\.notBefore)).min() else {
            return false
        }
        time = max(time, next)
        for job in running where job.end.map({ $0 <= time }) ?? false {
            used[job.uid, default: 0] += max(0, time - job.since)
            for follower in followers.removeValue(forKey: job.id) ?? [] {
                guard let entry = blocked[follower] else { continue }
                blocked[follower] = entry.others > 1 ? (entry.job, entry.others - 1) : nil
                if entry.others == 1 { add(entry.job) }
            }
        }
        running.removeAll { $0.end.map { $0 <= time } ?? false }
        for job in delayed.values.filter({ $0.notBefore ?? 0 <= time }) {
            delayed[job.id] = nil
            add(job)
        }
        return true
    }

    /// Lets a job that waited for something else wait for its turn.
    private mutating func add(_ job: Waiting) {
        if let notBefore = job.notBefore, notBefore > time {
            delayed[job.id] = job
            return
        }
        if lanes[job.priority, default: [:]].isEmpty {
            priorities.insert(job.priority, at: priorities.firstIndex { $0 < job.priority } ?? priorities.endIndex)
        }
        let line = lanes[job.priority]?[job.uid] ?? []
        let place = line.firstIndex { $0.id < job.id } ?? line.endIndex
        lanes[job.priority, default: [:]][job.uid, default: []].insert(job, at: place)
    }

    /// Jobs that wait for what is not likely to come.
    var stuck: [Waiting] {
        blocked.values.map(\.job).sorted { ($1.priority, $0.id) < ($0.priority, $1.id) }
    }
}
