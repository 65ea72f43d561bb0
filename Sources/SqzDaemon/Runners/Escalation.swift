internal import Glibc
internal import Subprocess

/// How a runner that does not do what it was asked is made to end, with all that it started: after `patience` it is
/// terminated, after `grace` more it is killed.
struct Escalation {
    let patience: Duration
    let grace: Duration

    /// One that was asked to stop its job: it may take that long to its next step and checkpoint.
    static let stopping = Escalation(patience: .seconds(20), grace: .seconds(5))
    /// One that was asked to finish: it looks at all pictures once more, which may take as long as an epoch.
    static let finishing = Escalation(patience: .seconds(3_600), grace: .seconds(5))
    /// One from which nothing is expected any more: its standard input has ended.
    static let ending = Escalation(patience: .seconds(10), grace: .seconds(10))

    /// Goes on until it is cancelled, or the runner was killed. What was stopped (SIGSTOP) goes on first: it hears nothing else.
    func enforce(on process: RunnerProcess) async throws {
        try process.signal(SIGCONT)
        try await Task.sleep(for: patience)
        try process.signal(SIGCONT)
        try process.signal(SIGTERM)
        try await Task.sleep(for: grace)
        try process.signal(SIGKILL)
    }

    /// The same without patience, for a runner whose task was cancelled: `Subprocess` has the last step of its own.
    var teardown: [TeardownStep] {
        [
            .send(signal: .resume, toProcessGroup: true, allowedDurationToNextStep: .zero),
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: grace),
        ]
    }
}
