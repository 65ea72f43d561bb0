internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Any number of pictures, in calls that the daemon takes: what is held is one call's. A picture that can't be used is
/// told of in its place, and the others go on.
struct Classifying {
    let daemon: Daemon
    /// NAME@VERSION once there was a reply, so that one model answers for all.
    private(set) var model: String?
    let top: Int?
    /// How many milliseconds each call may wait.
    let timeout: Int?
    let wantsTimings: Bool
    let flips: Bool
    /// Where the time of all calls went, where that is wanted and there was one.
    private(set) var timings: CallTimings?

    /// What was found of a picture: what the daemon says of it, or why it can't be used.
    struct Answer {
        let name: String
        let found: Result<Classification, InputError>
    }

    /// Gets pictures in their order, as soon as there are answers, and the model that gave them.
    typealias Print = ([Answer], _ model: String?) throws -> Void

    /// A picture's base64, or why there is none.
    private var waiting: [(name: String, base64: Result<String, InputError>)] = []
    private var waitingBytes = 0
    /// How many go into a call, so that the next answers are never far.
    private var size = Limits.imagesPerBatch

    /// Several photographs. More would not be faster, but hold up others who use the model.
    private static let callBytes = 4 << 20
    private static let callTime = Duration.milliseconds(500)

    init(daemon: Daemon, model: String?, top: Int?, timeout: Int?, wantsTimings: Bool, flips: Bool) {
        self.daemon = daemon
        self.model = model
        self.top = top
        self.timeout = timeout
        self.wantsTimings = wantsTimings
        self.flips = flips
    }

    /// Takes one more picture.
    mutating func add(_ name: String, _ picture: Result<[UInt8], InputError>, _ print: Print) throws {
        let base64 = picture.map { Data($0).base64EncodedString() }
        let bytes = if case .success(let text) = base64 { text.utf8.count } else { 0 }
        if waiting.count >= size || waitingBytes + bytes > Self.callBytes { try finish(print) }
        waiting.append((name, base64))
        waitingBytes += bytes
    }

    /// Classifies those that wait.
    mutating func finish(_ print: Print) throws {
        while !waiting.isEmpty { try ComingAgain.run(timeout) { try call(print) } }
        waitingBytes = 0
    }

    /// Those that wait, but for the last ones, where the pictures before them took what one call may.
    private mutating func call(_ print: Print) throws {
        let images = waiting.compactMap { picture in
            if case .success(let base64) = picture.base64 { base64 } else { nil }
        }
        guard !images.isEmpty else { return try print(take([]), model) }
        let start = ContinuousClock.now
        let daemon = daemon
        var answered = 0
        try daemon.stream(
            InferenceInterface.Classify.self,
            .init(
                images: images, model: model, top: top, skipBad: true, timeout: timeout,
                timings: wantsTimings ? true : nil, flip: flips ? true : nil)
        ) { reply in
            model = reply.model
            if let told = reply.timings {
                if timings == nil { timings = CallTimings(told) } else { timings?.add(told) }
            }
            let results = reply.results.prefix { $0.again != true }
            answered += results.count
            guard answered <= images.count else { return .stop }
            let answers = take(results)
            if !answers.isEmpty { try print(answers, model) }
            return .more
        }
        guard (1...images.count).contains(answered) else {
            throw SqzError.runnerFailed(reason: "\(answered) answers to \(images.count) pictures")
        }
        // One that waited for a runner's start tells little, and the next one mends it.
        let time = ContinuousClock.now - start
        if time > Self.callTime * 2 {
            size = max(size / 2, 1)
        } else if images.count == size, time < Self.callTime {
            size = min(2 * size, Limits.imagesPerCall)
        }
    }

    /// Answers to the first of those that wait: up to the first picture that has no result yet.
    private mutating func take(_ results: ArraySlice<Classification>) -> [Answer] {
        var results = results
        var answers: [Answer] = []
        pictures: for picture in waiting {
            let found: Result<Classification, InputError>
            switch picture.base64 {
            case .failure(let error): found = .failure(error)
            case .success:
                guard let result = results.popFirst() else { break pictures }
                found = result.problem.map { .failure(InputError(picture.name, bad: $0)) } ?? .success(result)
            }
            answers.append(Answer(name: picture.name, found: found))
        }
        waiting.removeFirst(answers.count)
        return answers
    }
}

/// Calls of Classify that find too many others waiting: they come again when the daemon says, a few times.
enum ComingAgain {
    private static let tries = 5
    private static let longestPause = 30

    /// - Parameter timeout: how many milliseconds pictures may wait; nobody stays away for longer.
    static func run(_ timeout: Int?, _ body: () throws -> Void) throws {
        for _ in 1..<tries {
            do {
                return try body()
            } catch let error as VarlinkError {
                guard case .busy(_, _, let seconds)? = SqzError(error) else { throw error }
                let pause = min(max(seconds ?? 1, 0), longestPause)
                if let timeout, pause * 1_000 >= timeout { throw error }
                Output.live("too many calls wait; trying again in \(Format.count(pause, "second"))")
                sleep(UInt32(pause))
                Output.endLive()
            }
        }
        try body()
    }
}
