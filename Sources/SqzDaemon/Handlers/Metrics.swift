internal import JobStore
internal import SqzProtocol
internal import Synchronization

/// What the daemon has done since it started.
final class Counters: Sendable {
    let calls = Atomic(0)
    let connections = Atomic(0)
    let classifiedImages = Atomic(0)
}

extension Handlers {
    func metrics() async throws -> ManagerInterface.Metrics.Reply {
        let counts = try await store.counts()
        let states: [(State, Int)] = [
            (.queued, counts.queued), (.running, counts.running), (.paused, counts.paused),
            (.succeeded, counts.succeeded),
            (.failed, counts.failed), (.cancelled, counts.cancelled),
        ]
        let jobs = states.map { state, count in
            Metric(
                name: "sqzd_jobs", kind: .gauge, help: "Jobs by state.", labels: ["state": state.rawValue],
                value: Double(count))
        }
        func counter(_ name: String, _ help: String, _ value: borrowing Atomic<Int>) -> Metric {
            Metric(name: name, kind: .counter, help: help, labels: [:], value: Double(value.load(ordering: .relaxed)))
        }
        return .init(
            metrics: jobs + [
                counter("sqzd_calls_total", "Calls that came in.", counters.calls),
                counter("sqzd_connections_total", "Connections that were accepted.", counters.connections),
                counter("sqzd_classified_images_total", "Pictures that were classified.", counters.classifiedImages),
                Metric(
                    name: "sqzd_start_time_seconds", kind: .gauge, help: "When the daemon started, since 1970.",
                    labels: [:],
                    value: Double(startedAt) / 1e6),
            ])
    }
}
