// Dispatch says nothing of its sources, which any thread may use.
@preconcurrency internal import Dispatch
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// sqzd, at the other end of standard input and output, and what else happens.
final class DaemonEnd: Sendable {
    enum Event: Sendable {
        /// A call, without its NUL.
        case call([UInt8])
        case gone
        /// It is time to look again.
        case tick
        case terminated
        case step(Step.Ending)
    }

    let events: AsyncStream<Event>
    let continuation: AsyncStream<Event>.Continuation
    private let file = FramedFile(input: STDIN_FILENO, output: STDOUT_FILENO)
    private let alarm = DispatchSource.makeTimerSource()
    private let termination = DispatchSource.makeSignalSource(signal: SIGTERM)

    init() {
        (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let continuation = continuation
        signal(SIGTERM, SIG_IGN)
        termination.setEventHandler { continuation.yield(.terminated) }
        termination.activate()
        alarm.setEventHandler { continuation.yield(.tick) }
        alarm.activate()
        DispatchQueue(label: "sqz-slurm.input").async { [file] in
            do {
                while let message = try file.read() { continuation.yield(.call(message)) }
            } catch {
                Self.log("sqzd can't be heard: \(error)")
            }
            continuation.yield(.gone)
        }
    }

    /// Slurm tells nobody beside its own programs when a job begins: one has to ask.
    func wake(after seconds: Double) { alarm.schedule(deadline: .now() + seconds) }

    /// A message with its NUL.
    func write(_ message: [UInt8]) throws { try file.write(message) }

    func send(_ reply: RunnerInterface.Run.Reply, continues: Bool = false) throws {
        try write(try Reply.message(reply, continues: continues))
    }

    /// The job has failed, and would again.
    func fail(_ reason: String) throws {
        try write(try Reply.message(try SqzError.failed(reason: reason).wire(of: RunnerInterface.self)))
    }

    /// For the job's log.
    static func log(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Nobody is left to tell where this fails.
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
