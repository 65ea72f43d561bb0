internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Systemd

/// Tells of what the store has recorded: to those who watch, to the journal (one line a transition, with its fields), and to
/// systemd (how many jobs run and wait).
struct Announcer: Sendable {
    let store: JobStore
    let watchers: Watchers
    let log: Logger

    func announce(_ event: Event, of job: Job) async throws {
        watchers.publish(event, of: job.id)
        write(event, of: job)
        if event.kind == .state {
            let counts = try await store.counts()
            do {
                try ServiceManager.notify("STATUS=\(counts.running) running, \(counts.queued) waiting")
            } catch {
                // Whom it would tell has gone: no reason for a job to fail.
                log.warning("status not told: \(error)")
            }
        }
    }

    private func write(_ event: Event, of job: Job) {
        let kind = Transition(event)
        var fields: Logger.Metadata = [
            "MESSAGE_ID": "\(kind.messageID)", "SQZ_JOB": "\(job.id)", "SQZ_EVENT": "\(kind.rawValue)",
            "SQZ_KIND": "\(job.kind)", "SQZ_UID": "\(job.uid)",
        ]
        let progress = event.progress
        fields["SQZ_MODEL"] = (event.outcome?.model ?? job.model).map { "\($0)" }
        fields["SQZ_DATASET"] = job.dataset.map { "\($0)" }
        fields["SQZ_EPOCH"] = progress.map { "\($0.epoch)" }
        fields["SQZ_LOSS"] = (progress?.loss ?? event.outcome?.loss).map { "\($0)" }
        fields["SQZ_ACCURACY"] = (progress?.accuracy ?? event.outcome?.accuracy).map { "\($0)" }
        fields["SQZ_REASON"] = event.reason.map { "\($0)" }
        log.log(level: kind == .failed ? .error : .info, "\(kind.message(event, job))", metadata: fields)
    }
}

/// The kinds of lines that jobs write into the journal. `systemd/sqzd.catalog` explains each.
enum Transition: String, CaseIterable {
    case queued, started, epoch, succeeded, failed, cancelled, interrupted, paused

    init(_ event: Event) {
        switch event.state {
        case .queued: self = event.reason == nil ? .queued : .interrupted
        case .running: self = .started
        case .paused: self = .paused
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case nil: self = .epoch
        }
    }

    /// Made once with `journalctl --new-id128`.
    var messageID: String {
        switch self {
        case .queued: "5a1f2c6e0b7d4f1c9d3a6e8b2c4f7a10"
        case .started: "8d0e4b7a3c594f6e8a1b5d2f9c7e6a21"
        case .epoch: "c3b9a8d7e6f54a3b8c2d1e0f9a8b7c32"
        case .succeeded: "1e7c5a3f9b8d4e2c8f6a0b4d7e9c3f43"
        case .failed: "f4a6b8c0d2e34f568a7b9c1d3e5f7a54"
        case .cancelled: "7b9d1f3e5a6c48d08e2f4a6c8b0d2e65"
        case .interrupted: "2d4f6a8c0e1b43d59f7a9c1e3b5d7f76"
        case .paused: "9e1b3d5f7a8c40e28d4f6b8a0c2e4f87"
        }
    }

    func message(_ event: Event, _ job: Job) -> String {
        let subject = "job \(job.id) (\(job.kind))"
        switch self {
        case .queued: return "\(subject) queued by uid \(job.uid)"
        case .started: return "\(subject) started" + (job.starts > 1 ? ", for the \(job.starts). time" : "")
        case .epoch:
            guard let progress = event.progress else { return "\(subject) goes on" }
            let figures = [("loss", progress.loss), ("accuracy", progress.accuracy)].compactMap { name, value in
                value.map { ", \(name) \(rounded($0))" }
            }
            return "\(subject) epoch \(progress.epoch) of \(progress.epochs)\(figures.joined())"
        case .succeeded: return "\(subject) succeeded" + (event.outcome?.model.map { ": \($0)" } ?? "")
        case .failed: return "\(subject) failed: \(event.reason ?? "no reason given")"
        case .cancelled: return "\(subject) cancelled"
        case .interrupted: return "\(subject) interrupted and queued again: \(event.reason ?? "")"
        case .paused: return "\(subject) paused"
        }
    }

    private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
}
