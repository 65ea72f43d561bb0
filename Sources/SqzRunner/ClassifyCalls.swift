internal import CProcess
internal import Dispatch
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Answers calls of Classify: while one is computed, the one before it is written or the next one read.
// Sendable: `Alternation` has each part of the work done by one thread at a time.
struct ClassifyCalls: @unchecked Sendable {
    private let inbox: Inbox
    private let file: FramedFile
    private let classifier: WarmClassifier
    /// Answers other calls.
    private let answer: (Call) throws -> Void
    /// Where pictures are computed, and memory is given back meanwhile by nobody.
    private let computing = DispatchQueue(label: "sqz-runner.computing")
    /// When nothing has come for a while.
    private let rest: any DispatchSourceTimer

    /// Photographs take tens of MB, which others may need before the next ones come.
    private static let untilRest = DispatchTimeInterval.seconds(5)

    init(
        _ inbox: Inbox, _ file: FramedFile, _ classifier: WarmClassifier, others answer: @escaping (Call) throws -> Void
    ) {
        self.inbox = inbox
        self.file = file
        self.classifier = classifier
        self.answer = answer
        rest = DispatchSource.makeTimerSource(queue: computing)
    }

    private enum Begun {
        /// And what could be done of it beside the call before.
        case classify(WarmClassifier.Begun, top: Int)
        case other(Call)
    }

    private enum Computed {
        case classify(WarmClassifier.Computed, top: Int)
        case other(Call)
    }

    /// Ends with the process, when the input ends.
    func run() -> Never {
        rest.setEventHandler {
            classifier.releaseMemory()
            sqz_give_memory_back()
        }
        rest.activate()
        Alternation().run {
            let call = inbox.take(onArrival: classifier.expect)
            return Result { try begin(call) }
        } compute: { (begun: Result<Begun, any Error>) in
            begun.map {
                switch $0 {
                case .classify(let pictures, let top): Computed.classify(compute(pictures), top: top)
                case .other(let call): .other(call)
                }
            }
        } finish: { (computed: Result<Computed, any Error>) in
            do {
                try file.answer {
                    switch try computed.get() {
                    case .classify(let computed, let top):
                        try file.write(Reply.message(text: try classifier.finish(computed, top: top)))
                    case .other(let call): try answer(call)
                    }
                }
            } catch {
                Log.write("\(error)")
                exit(EXIT_FAILURE)
            }
        }
    }

    private func compute(_ pictures: WarmClassifier.Begun) -> WarmClassifier.Computed {
        defer { rest.schedule(deadline: .now() + Self.untilRest) }
        return computing.sync { classifier.compute(pictures) }
    }

    private func begin(_ call: Call) throws -> Begun {
        guard call.method == RunnerInterface.Classify.name else { return .other(call) }
        let parameters = try call.parameters(RunnerInterface.Classify.Parameters.self)
        return .classify(
            classifier.begin(parameters.images, flips: parameters.flip ?? false), top: parameters.top)
    }
}
