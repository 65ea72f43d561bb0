/// How many jobs may run at the same time.
public struct RunningLimits: Equatable, Sendable {
    public var jobs: Int
    /// Of each user's.
    public var perUser: Int
    /// Of each launcher that has places of its own, beside those two.
    public var launchers: [String: Int]

    public init(jobs: Int, perUser: Int, launchers: [String: Int] = [:]) {
        self.jobs = jobs
        self.perUser = perUser
        self.launchers = launchers
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
        /// The launcher whose places it takes; nil for those of this machine.
        var launcher: String?
    }

    struct Running: Sendable {
        let id: Int
        let uid: Int
        let since: Int
        /// When it is likely to end.
        var end: Int?
        var launcher: String?
    }

    fileprivate struct Lane: Hashable {
        let uid: Int
        let launcher: String?
    }

    private(set) var time: Int
    let limits: RunningLimits
    private(set) var running: [Running]
    /// How long each user's jobs ran, in microseconds, but for what runs now.
    private var used: [Int: Int]
    /// The jobs of one priority that wait for their turn, by user and where they run, the oldest last.
    private var lanes: [Int: [Lane: [Waiting]]] = [:]
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
                lanes[job.priority, default: [:]][job.lane, default: []].append(job)
            }
        }
        priorities = lanes.keys.sorted(by: >)
    }

    /// Whether one more may run there.
    func hasRoom(by launcher: String?) -> Bool {
        running.count { $0.launcher == launcher } < limits.jobs(by: launcher)
    }

    /// Removes the job that is next of those for which there is room.
    /// - Parameter isFull: whether to take for granted that this machine has room.
    mutating func takeNext(evenIfFull isFull: Bool = false) -> Waiting? {
        var counts: [Int: Int] = [:]
        var taken: [String?: Int] = [:]
        var now = used
        for job in running {
            if job.launcher == nil { counts[job.uid, default: 0] += 1 }
            taken[job.launcher, default: 0] += 1
            now[job.uid, default: 0] += max(0, time - job.since)
        }
        func isOpen(_ lane: Lane) -> Bool {
            let hasRoom = taken[lane.launcher, default: 0] < limits.jobs(by: lane.launcher)
            guard lane.launcher == nil else { return hasRoom }
            return counts[lane.uid, default: 0] < limits.perUser && (isFull || hasRoom)
        }
        for priority in priorities {
            var best: (used: Int, job: Waiting)?
            for (lane, jobs) in lanes[priority, default: [:]] where isOpen(lane) {
                guard let first = jobs.last else { continue }
                let candidate = (now[lane.uid, default: 0], first)
                if best.map({ (candidate.0, first.id) < ($0.used, $0.job.id) }) ?? true { best = candidate }
            }
            guard let lane = best?.job.lane else { continue }
            let job = lanes[priority]?[lane]?.popLast()
            if lanes[priority]?[lane]?.isEmpty == true { lanes[priority]?[lane] = nil }
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
        running.append(Running(id: job.id, uid: job.uid, since: time, end: end, launcher: job.launcher))
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
        let line = lanes[job.priority]?[job.lane] ?? []
        let place = line.firstIndex { $0.id < job.id } ?? line.endIndex
        lanes[job.priority, default: [:]][job.lane, default: []].insert(job, at: place)
    }

    /// Jobs that wait for what is not likely to come.
    var stuck: [Waiting] {
        blocked.values.map(\.job).sorted { ($1.priority, $0.id) < ($0.priority, $1.id) }
    }
}

extension Queue.Waiting {
    fileprivate var lane: Queue.Lane { Queue.Lane(uid: uid, launcher: launcher) }
}

extension RunningLimits {
    func jobs(by launcher: String?) -> Int { launcher.map { launchers[$0, default: 0] } ?? jobs }

    /// The launcher whose places a job takes that is started by this one; nil for those of this machine.
    public func places(of launcher: String?) -> String? { launcher.flatMap { launchers[$0] == nil ? nil : $0 } }
}
