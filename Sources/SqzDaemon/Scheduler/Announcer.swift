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
    /// Is told of ends.
    let housekeeping: Housekeeping

    /// Transitions that belong together.
    func announce(_ changes: [Change]) async throws {
        for change in changes {
            watchers.publish(change.event, of: change.job.id)
            write(change.event, of: change.job, as: Transition(change))
        }
        if changes.contains(where: \.job.state.isEnd) { housekeeping.wake() }
        if !changes.isEmpty {
            let counts = try await store.counts()
            do {
                try ServiceManager.notify("STATUS=\(counts.running) running, \(counts.queued) waiting")
            } catch {
                // Whom it would tell has gone: no reason for a job to fail.
                log.warning("status not told: \(error)")
            }
        }
    }

    /// An epoch of a job that goes on.
    func announceEpoch(_ event: Event, of job: Job) {
        watchers.publish(event, of: job.id)
        write(event, of: job, as: .epoch)
    }

    /// A job has another priority. That is no event of its history.
    func announcePriority(of job: Job, before: Int, by peer: Peer) {
        watchers.publishChange()
        let reason = "priority \(job.priority) instead of \(before), by uid \(peer.uid)"
        write(Event(time: Clock.now(), kind: .state, reason: reason), of: job, as: .prioritized)
    }

    /// A job has another deadline or time limit. Nor is that one.
    func announceLimits(of job: Job, before: Job, by peer: Peer) {
        watchers.publishChange()
        func change(_ what: String, _ new: String?, _ old: String?) -> String? {
            new == old ? nil : "\(what) \(new ?? "none") instead of \(old ?? "none")"
        }
        let changes = [
            change("deadline", job.deadline.map(Timestamp.text), before.deadline.map(Timestamp.text)),
            change("time limit", job.timeLimit.map { "\($0) s" }, before.timeLimit.map { "\($0) s" }),
        ].compactMap { $0 }
        guard !changes.isEmpty else { return }
        let reason = "\(changes.joined(separator: ", ")), by uid \(peer.uid)"
        write(Event(time: Clock.now(), kind: .state, reason: reason), of: job, as: .limited)
    }

    /// A job was told to finish. Its history has that where it puts the job back into the queue.
    func announceFinish(of job: Job, _ finish: Finish) {
        watchers.publishChange()
        write(Event(time: Clock.now(), kind: .state, reason: finish.reason), of: job, as: .finishing)
    }

    private func write(_ event: Event, of job: Job, as kind: Transition) {
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
        let warning = progress?.warning ?? event.outcome?.warning
        fields["SQZ_WARNING"] = warning.map { "\($0)" }
        let level: Logger.Level = kind == .failed ? .error : warning == nil ? .info : .warning
        log.log(level: level, "\(kind.message(event, job))", metadata: fields)
    }
}

/// The kinds of lines that jobs write into the journal. `systemd/sqzd.catalog` explains each.
enum Transition: String, CaseIterable {
    case queued, started, epoch, succeeded, failed, cancelled, interrupted, paused, resumed, retried, prioritized,
        limited, finishing

    init(_ change: Change) {
        switch (change.before, change.job.state) {
        case (nil, .queued): self = .queued
        case (.running, .queued): self = .interrupted
        case (.paused, .queued): self = .resumed
        case (_, .queued): self = .retried
        case (_, .running): self = .started
        case (_, .paused): self = .paused
        case (_, .succeeded): self = .succeeded
        case (_, .failed): self = .failed
        case (_, .cancelled): self = .cancelled
        }
    }

    /// Made once with `journalctl --new-id128`.
    var messageID: String {
        switch self {
        case .queued: "964dd4ca641a40e7a495a0da49c5cea8"
        case .started: "9c3879f48d10422cae7fc82e9468a51f"
        case .epoch: "632fea8be2c44dd4a1f972420075a45c"
        case .succeeded: "08ca19c7855c4e08ab513935aa358682"
        case .failed: "4e4dc17322064072adbf1ca10e646cc2"
        case .cancelled: "49a33b0197604ce789ed3ee32d009006"
        case .interrupted: "82ee4f11aa1a4b32bf16853e40400202"
        case .paused: "e3eaf178ba3d488c89e021386ab4d95d"
        case .resumed: "b349eb9e15014180a7ee9d6a4eab0364"
        case .retried: "9963d2de5d5d4a5fba31b148111b3b8b"
        case .prioritized: "dc9929f898d74071a2524efa394fc5cc"
        case .limited: "dd5aabcf74f54f5fbdd614a82913e0bb"
        case .finishing: "18a84b86090e4ca794619b7fdbb127e3"
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
            return
                "\(subject) epoch \(progress.epoch) of \(progress.epochs)\(figures.joined())\(also(progress.warning))"
        case .succeeded:
            let outcome = event.outcome
            return "\(subject) succeeded" + (outcome?.model.map { ": \($0)" } ?? "") + also(Self.end(outcome))
                + also(outcome?.warning)
        case .failed: return "\(subject) failed: \(event.reason ?? "no reason given")\(part(event.outcome))"
        case .cancelled: return "\(subject) cancelled\(part(event.outcome))"
        case .interrupted: return "\(subject) interrupted and queued again: \(event.reason ?? "")"
        case .paused: return "\(subject) paused: \(event.reason ?? "")"
        case .resumed: return "\(subject) queued again: \(event.reason ?? "")"
        case .retried: return "\(subject) queued again: \(event.reason ?? "")"
        case .prioritized: return "\(subject) has \(event.reason ?? "another priority")"
        case .limited: return "\(subject) has \(event.reason ?? "another limit")"
        case .finishing: return "\(subject) is to finish: \(event.reason ?? "")"
        }
    }

    /// That a training ended before its last epoch.
    private static func end(_ outcome: Outcome?) -> String? {
        guard let outcome, let early = outcome.early, let last = outcome.lastEpoch, let epochs = outcome.epochs else {
            return nil
        }
        switch early {
        case .noGain: return "without gain since epoch \(outcome.epoch ?? last), ended after epoch \(last) of \(epochs)"
        case .finished: return "finished early in epoch \(last) of \(epochs)"
        }
    }

    private func part(_ outcome: Outcome?) -> String {
        outcome?.model.map { "; \($0) is what it had" } ?? ""
    }

    private func also(_ warning: String?) -> String { warning.map { "; \($0)" } ?? "" }

    private func rounded(_ value: Double) -> Double {
        let rounded = (value * 10_000).rounded() / 10_000
        return rounded.isFinite ? rounded : value
    }
}
