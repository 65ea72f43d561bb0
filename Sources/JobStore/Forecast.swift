/// What the daemon knows and the file does not, which it takes to say when a job is going to run.
public struct Outlook: Sendable {
    public var now: Int
    public var limits: RunningLimits
    /// When running jobs are likely to end, as far as they say, by id.
    public var ends: [Int: Int]

    public init(now: Int, limits: RunningLimits, ends: [Int: Int] = [:]) {
        self.now = now
        self.limits = limits
        self.ends = ends
    }
}

/// What is to be expected of each job that has not ended, if no other comes and each ends well. A moment is absent where
/// something before it takes nobody knows how long.
struct Forecast {
    struct Place {
        var position: Int?
        var start: Int?
        var end: Int?
        var wait: Wait?
    }

    /// Why a job waits that waits neither for another one nor for its next try.
    enum Wait {
        /// As many jobs run as may.
        case turn
        /// As many jobs of its user run as may.
        case userLimit(running: Int)
    }

    private(set) var places: [Int: Place] = [:]

    /// A job that takes nobody knows how long still has a place in the order of users: as if it took a minute.
    private static let nominal = 60 * 1_000_000

    init(_ queue: Queue) {
        var queue = queue
        var position = 0
        let now = queue.time
        let first = queue
        let counts = queue.running.filter { $0.launcher == nil }.reduce(into: [:]) { $0[$1.uid, default: 0] += 1 }
        func wait(_ job: Queue.Waiting) -> Wait? {
            let count = job.launcher == nil ? counts[job.uid, default: 0] : 0
            if job.notBefore ?? 0 > now { return nil }
            return count >= queue.limits.perUser
                ? .userLimit(running: count) : first.hasRoom(by: job.launcher) ? nil : .turn
        }
        for job in queue.running { places[job.id] = Place(end: job.end) }
        var isKnown = queue.running.allSatisfy { $0.end != nil }
        queue.assume(Self.nominal)
        repeat {
            while let job = queue.takeNext() {
                position += 1
                let end = job.duration.map { queue.time + $0 }
                places[job.id] = Place(
                    position: position, start: isKnown ? queue.time : nil, end: isKnown ? end : nil, wait: wait(job))
                if end == nil { isKnown = false }
                queue.start(job, until: end ?? queue.time + Self.nominal)
            }
        } while queue.advance()
        for job in queue.stuck {
            position += 1
            places[job.id] = Place(position: position, wait: wait(job))
        }
    }

    /// The jobs that wait, in the order in which they are going to run.
    var order: [Int] {
        places.compactMap { id, place in place.position.map { (id, $0) } }.sorted { $0.1 < $1.1 }.map(\.0)
    }
}
