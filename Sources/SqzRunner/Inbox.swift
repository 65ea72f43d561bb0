internal import Dispatch
internal import Glibc
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// What comes in on standard input, read by a thread of its own, so that `Stop` is seen while a job computes. When the input
/// ends, the daemon is gone, and so is this process.
final class Inbox: Sendable {
    private let calls = Mutex<[Call]>([])
    private let available = DispatchSemaphore(value: 0)
    private let isStopped = Atomic(false)

    /// Whether the current run is to end at its next step.
    var stopRequested: Bool { isStopped.load(ordering: .relaxed) }

    /// Begins to read.
    func start(_ file: FramedFile) {
        DispatchQueue(label: "sqz-runner.input").async { [self] in
            while let call = next(file) {
                if call.method == RunnerInterface.Stop.name {
                    isStopped.store(true, ordering: .relaxed)
                } else {
                    calls.withLock { $0.append(call) }
                    available.signal()
                }
            }
            exit(0)
        }
    }

    /// The next call, waited for.
    func take() -> Call {
        available.wait()
        return calls.withLock { $0.removeFirst() }
    }

    private func next(_ file: FramedFile) -> Call? {
        do {
            guard let message = try file.read() else { return nil }
            return try message.withUnsafeBytes { try Call(parsing: $0) }
        } catch {
            Log.write("the daemon's call can't be read: \(error)")
            return nil
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
