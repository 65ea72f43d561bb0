internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

/// Any number of pictures, in calls that the daemon takes: what is held is one call's. A picture that can't be used is
/// told of in its place, and the others go on.
struct Classifying {
    let daemon: Daemon
    /// NAME@VERSION once there was a reply, so that one model answers for all.
    private(set) var model: String?
    let top: Int?

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

    init(daemon: Daemon, model: String?, top: Int?) {
        self.daemon = daemon
        self.model = model
        self.top = top
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
        let pictures = waiting
        (waiting, waitingBytes) = ([], 0)
        let images = pictures.compactMap { picture in
            if case .success(let base64) = picture.base64 { base64 } else { nil }
        }
        var results = try images.isEmpty ? [] : classify(images)[...]
        var answers: [Answer] = []
        for picture in pictures {
            let found = picture.base64.flatMap { _ -> Result<Classification, InputError> in
                let result = results.removeFirst()
                return result.problem.map { .failure(InputError(picture.name, bad: $0)) } ?? .success(result)
            }
            answers.append(Answer(name: picture.name, found: found))
        }
        try print(answers, model)
    }

    private mutating func classify(_ images: [String]) throws -> ArraySlice<Classification> {
        let start = ContinuousClock.now
        let reply = try daemon.call(
            InferenceInterface.Classify.self, .init(images: images, model: model, top: top, skipBad: true))
        guard reply.results.count == images.count else {
            throw SqzError.runnerFailed(reason: "\(reply.results.count) answers to \(images.count) pictures")
        }
        model = reply.model
        // One that waited for a runner's start tells little, and the next one mends it.
        let time = ContinuousClock.now - start
        if time > Self.callTime * 2 {
            size = max(size / 2, 1)
        } else if images.count == size, time < Self.callTime {
            size = min(2 * size, Limits.imagesPerCall)
        }
        return reply.results[...]
    }
}
