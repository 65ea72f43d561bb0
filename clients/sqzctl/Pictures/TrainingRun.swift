internal import SqzProtocol
internal import Varlink

/// A job, and what its epochs came to.
struct TrainingRun {
    let job: Job
    /// Those that have figures.
    let epochs: [(time: Int, progress: Progress)]

    /// Whether there is anything that a chart shows.
    var hasFigures: Bool {
        epochs.contains { Format.figures($0.progress).contains { $0 != nil } || $0.progress.learningRate != nil }
    }

    /// By which people tell it from others.
    var name: String {
        let words = job.name ?? job.outcome?.model ?? job.model
        return (["job \(job.id)"] + (words.map { ["(\($0.cell))"] } ?? [])).joined(separator: " ")
    }
}

extension Daemon {
    /// A job with all of its epochs so far: of more than are told at once, the first ones are asked for.
    func trainingRun(_ id: Int) throws -> TrainingRun {
        let reply = try call(JobsInterface.Show.self, .init(id: id, history: true))
        var events = reply.history ?? []
        if let last = events.last?.sequence, let first = events.first?.progress, first.epoch > 1 {
            events = []
            let client = try connect()
            try client.stream(JobsInterface.Watch.self, .init(id: id)) { reply in
                guard let event = reply.event, let sequence = event.sequence else { return .more }
                if event.kind == .epoch { events.append(event) }
                return sequence < last ? .more : .stop
            }
        }
        return TrainingRun(
            job: reply.job, epochs: events.compactMap { event in event.progress.map { (event.time, $0) } })
    }
}
