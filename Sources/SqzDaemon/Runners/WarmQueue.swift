internal import JobStore
internal import SqzProtocol

/// What waits for a model, and what each of its runners has in hand.
struct WarmQueue {
    typealias Request = WarmModel.Request

    private(set) var waiting: [Request]
    /// The pictures of all that.
    private var waitingImages: Int
    private(set) var lastUse = ContinuousClock.now
    /// What each runner has that is ready, by its place, in the order in which it answers: while it computes one call, it reads the
    /// next.
    private var hands: [Int: [Call]] = [:]
    /// Runners at these places are there, or about to be.
    private var places: Set<Int> = [0]
    var settings = ServingSettings()
    /// Seconds from one call's answer to the next one's, lately, while there was work; nil where none was answered.
    private var secondsPerCall: Double?
    private var lastAnswer = ContinuousClock.now
    /// A runner ended, or broke, that had loaded the model: what waits is not to suffer for it.
    private(set) var hasFailed = false
    /// It takes no more requests.
    var isFinished = false

    /// Requests that went to a runner together.
    struct Call {
        var requests: [Request]
        let images: Int
        let sent: ContinuousClock.Instant
    }

    enum Next {
        case call([Request])
        /// Others may join what waits until then.
        case later(ContinuousClock.Instant)
        case nothing
    }

    init(waiting: [Request]) {
        self.waiting = waiting
        waitingImages = Self.images(waiting)
    }

    var isIdle: Bool { waiting.isEmpty && hands.values.allSatisfy(\.isEmpty) }
    /// How many runners there are to be.
    var runners: Int { settings.runners ?? Limits.runnersPerModel.lowerBound }

    mutating func take(_ requests: [Request]) {
        waiting += requests
        waitingImages += Self.images(requests)
        lastUse = .now
    }

    /// Nothing waits any more; gives what did.
    mutating func takeWaiting() -> [Request] {
        defer { (waiting, waitingImages) = ([], 0) }
        return waiting
    }

    /// How many calls may wait, where another one of the user's may not.
    func limit(metBy uid: UInt32) -> Int? {
        guard waiting.count >= Limits.waitingCalls else { return nil }
        if waiting.count(where: { $0.uid == uid }) >= Limits.waitingCalls { return Limits.waitingCalls }
        return waiting.count >= Limits.allWaitingCalls ? Limits.allWaitingCalls : nil
    }

    /// How many of the calls that wait would be answered before another one of the user's, and itself.
    func place(of uid: UInt32) -> Int {
        let own = waiting.count { $0.uid == uid }
        var others: [UInt32: Int] = [:]
        for request in waiting where request.uid != uid { others[request.uid, default: 0] += 1 }
        return own + others.values.reduce(0) { $0 + min($1, own + 1) } + 1
    }

    /// In how many seconds so many calls will have been answered.
    func seconds(for calls: Int) -> Int? {
        secondsPerCall.map { Int(min(max((Double(calls) * $0).rounded(.up), 1), 3_600)) }
    }

    // Runners

    /// A further runner is to be at this place; false where there is one, or is to be none.
    mutating func begin(at place: Int) -> Bool {
        guard !isFinished, place < runners else { return false }
        return places.insert(place).inserted
    }

    /// There is none any more.
    mutating func end(at place: Int) { places.remove(place) }

    /// The runner at a place is ready.
    mutating func enter(_ place: Int) { hands[place] = [] }

    /// It takes no more calls.
    mutating func leave(_ place: Int) { hands[place] = nil }

    /// It has no more to do, now and later.
    func isOver(_ place: Int) -> Bool { isFinished && waiting.isEmpty || place > 0 && place >= runners }

    /// A further runner that has ended has a use again.
    func isWanted(_ place: Int) -> Bool { !isFinished && place < runners && !isIdle }

    /// Whether there may be something for a runner, whoever of those that wait has gone. `next` looks at all of them, which for each
    /// that comes would take more time than passing it on.
    func mayHaveSome(for place: Int) -> Bool {
        guard let hand = hands[place] else { return true }
        return hand.isEmpty || hand.count == 1 && waitingImages >= hand[0].images
    }

    /// The next call for a runner: the first requests that wait, as many as fit. It has two calls at most; the second one as soon
    /// as it is as large as the first, so that one that comes alone does not keep others from going together, and where no other
    /// runner has none.
    mutating func next(for place: Int) -> Next {
        guard let hand = hands[place], hand.count < 2, place < runners else { return .nothing }
        // Who went away, or waited for too long, needs no answer.
        waiting = waiting.filter(\.reply.isAwaited).inTurns(of: \.uid)
        waitingImages = Self.images(waiting)
        guard let first = waiting.first else { return .nothing }
        if let before = hand.first {
            guard !first.isAlone, !before.requests[0].isAlone, waitingImages >= before.images,
                hands.values.allSatisfy({ !$0.isEmpty })
            else { return .nothing }
        }
        if let due = due(first) { return .later(due) }
        var (count, images, bytes) = (0, 0, 0)
        for request in waiting {
            images += request.images.count
            bytes += request.images.reduce(0) { $0 + $1.utf8.count }
            let fits = images <= largest && bytes <= Limits.bytesPerBatch
            guard count == 0 || fits && request.goes(with: first) else { break }
            count += 1
        }
        let requests = waiting[..<count].filter { $0.reply.begin() }
        waitingImages -= Self.images(waiting[..<count])
        waiting.removeFirst(count)
        guard !requests.isEmpty else { return next(for: place) }
        hands[place]?.append(Call(requests: requests, images: Self.images(requests), sent: .now))
        return .call(requests)
    }

    private var largest: Int { settings.maxBatch ?? Limits.imagesPerBatch }

    /// Until when what waits is held back for others to join it; nil where it is not.
    private func due(_ first: Request) -> ContinuousClock.Instant? {
        guard let delay = settings.maxDelay, delay > 0, !isFinished, !first.isAlone, !first.images.isEmpty,
            waitingImages < largest, let oldest = waiting.map(\.came).min()
        else { return nil }
        let due = oldest + .milliseconds(delay)
        return due > .now ? due : nil
    }

    private static func images(_ requests: some Sequence<Request>) -> Int {
        requests.reduce(0) { $0 + $1.images.count }
    }

    /// What a runner was sent last did not go to it.
    mutating func takeBack(from place: Int) -> [Request] { hands[place]?.popLast()?.requests ?? [] }

    /// The requests of the first call that a runner has, which is answered.
    func first(of place: Int) -> Call? { hands[place]?.first }

    /// That call is answered.
    mutating func removeFirst(of place: Int) {
        guard let call = hands[place]?.removeFirst() else { return }
        let now = ContinuousClock.now
        let seconds = max(call.sent, lastAnswer).duration(to: now) / .seconds(1) / Double(call.requests.count)
        secondsPerCall = secondsPerCall.map { 0.8 * $0 + 0.2 * seconds } ?? seconds
        lastAnswer = now
    }

    /// Requests wait again, before all others.
    mutating func putBack(_ requests: [Request], _ change: (inout Request) -> Void = { _ in }) {
        let again = requests.map { request in
            var request = request
            change(&request)
            return request
        }
        waiting.insert(contentsOf: again, at: 0)
        waitingImages += Self.images(again)
    }

    /// A runner has ended. Each request that it had is tried again by itself: nobody knows which of them it did not survive.
    mutating func putAllBack(from place: Int) {
        let requests = hands[place, default: []].flatMap(\.requests)
        hasFailed = true
        // Where it had none, it was none of those that wait; but there is an end to trying.
        if requests.isEmpty { for place in waiting.indices { waiting[place].failures += 1 } }
        putBack(requests) {
            $0.failures += 1
            $0.isAlone = true
        }
        leave(place)
    }
}
