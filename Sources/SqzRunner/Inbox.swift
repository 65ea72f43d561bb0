// Dispatch says nothing of its sources, which any thread may use.
@preconcurrency internal import Dispatch
internal import Glibc
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// What comes in on standard input. While a job runs it is read by a thread of its own, so that `Stop` and `Finish` are seen. When the input
/// ends, the daemon is gone, and so is this process.
final class Inbox: Sendable {
    private let file: FramedFile?
    private let isStopped = Atomic(false)
    private let isFinished = Atomic(false)
    private let signals: (any DispatchSourceSignal)?

    /// - Parameter signal: asks for the same as `Stop`, at any time.
    init(_ file: FramedFile, stopSignal signal: CInt? = nil) {
        self.file = file
        signals = signal.map { DispatchSource.makeSignalSource(signal: $0) }
        signals?.setEventHandler { [weak self] in self?.isStopped.store(true, ordering: .relaxed) }
        signals?.activate()
    }

    private init() { (file, signals) = (nil, nil) }

    /// Where nothing comes in.
    static var deaf: Inbox { Inbox() }

    /// What the current run was asked.
    struct Requests: BitwiseCopyable {
        /// To end at its next step.
        var stop: Bool
        /// To end after its step, with what it has.
        var finish: Bool
    }

    var requests: Requests {
        Requests(stop: isStopped.load(ordering: .relaxed), finish: isFinished.load(ordering: .relaxed))
    }

    /// Whether the current run is to end at its next step.
    var stopRequested: Bool { requests.stop }

    /// The next call, waited for.
    /// - Parameter onArrival: is called when the first of it has come.
    func take(onArrival: () -> Void = {}) -> Call {
        do {
            guard let message = try file?.read(onArrival: onArrival) else { exit(EXIT_SUCCESS) }
            return try message.withUnsafeBytes { try Call(parsing: $0) }
        } catch {
            Log.write("the daemon's call can't be read: \(error)")
            exit(EXIT_FAILURE)
        }
    }

    /// Looks out for `Stop` and `Finish` from now on. Nobody else may take calls then.
    func watch() {
        DispatchQueue(label: "sqz-runner.input").async { [self] in
            while true {
                let call = take()
                switch RunnerInterface.Method(rawValue: call.method) {
                case .stop: isStopped.store(true, ordering: .relaxed)
                case .finish: isFinished.store(true, ordering: .relaxed)
                default:
                    Log.write("\(call.method) came while a job ran")
                    exit(EXIT_FAILURE)
                }
            }
        }
    }
}

/// A runner's log is its standard error: the daemon puts each line into the journal, under the job's id.
public enum Log {
    public static func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Nobody is left to tell where this fails.
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
