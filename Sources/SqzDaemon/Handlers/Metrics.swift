internal import JobStore
internal import SqzProtocol
internal import Synchronization

/// What the daemon has done since it started.
final class Counters: Sendable {
    let calls = Atomic(0)
    let connections = Atomic(0)
    let classifiedImages = Atomic(0)
    /// Replies that were errors, by their full names.
    let errors = Mutex<[String: Int]>([:])
}

extension Handlers {
    func metrics() async throws -> ManagerInterface.Metrics.Reply {
        let served = warm.serving.current()
        return .init(
            metrics: try await jobMetrics() + queueMetrics() + runningMetrics() + diskMetrics() + ownMetrics()
                + served.metrics,
            histograms: served.histograms)
    }

    private func jobMetrics() async throws -> [Metric] {
        let counts = try await store.counts()
        let states: [(State, Int)] = [
            (.queued, counts.queued), (.running, counts.running), (.paused, counts.paused),
            (.succeeded, counts.succeeded),
            (.failed, counts.failed), (.cancelled, counts.cancelled),
        ]
        return states.map { state, count in
            .gauge("sqzd_jobs", "Jobs by state.", ["state": state.rawValue], Double(count))
        }
    }

    private func queueMetrics() async throws -> [Metric] {
        let now = Clock.now()
        let figures = try await store.queueFigures()
        let jobs = figures.map { figure in
            Metric.gauge(
                "sqzd_queue_jobs", "Jobs that have not ended.",
                ["uid": String(figure.uid), "kind": figure.kind, "state": figure.state.rawValue], Double(figure.count))
        }
        let waits = figures.filter { $0.state == .queued }.map { figure in
            Metric.gauge(
                "sqzd_queue_wait_seconds", "Since when there is a job that is queued; from its submission.",
                ["uid": String(figure.uid), "kind": figure.kind], Double(max(0, now - figure.earliest)) / 1e6)
        }
        return jobs + waits
    }

    /// What running jobs told last.
    private func runningMetrics() async throws -> [Metric] {
        let jobs = try await store.jobs(in: [.running], limit: Limits.listedJobs, scheduler.outlook)
            .map(withLiveProgress)
        func gauges(_ name: String, _ help: String, _ value: (Progress) -> Double?) -> [Metric] {
            jobs.compactMap { job in
                job.progress.flatMap(value).map {
                    .gauge(name, help, ["job": String(job.id), "kind": job.kind, "uid": String(job.uid)], $0)
                }
            }
        }
        return gauges("sqzd_job_images_per_second", "Pictures a second, of a running job.", \.imagesPerSecond)
            + gauges("sqzd_job_loss", "The loss of a running job, on what it learns.", \.loss)
    }

    private func diskMetrics() async throws -> [Metric] {
        try await disk.current().map { part in
            .gauge(
                "sqzd_disk_bytes", "What users have on the disk; results are logs and predictions.",
                ["uid": String(part.uid), "what": part.what], Double(part.bytes))
        }
    }

    private func ownMetrics() -> [Metric] {
        func counter(_ name: String, _ help: String, _ value: borrowing Atomic<Int>) -> Metric {
            .counter(name, help, [:], value.load(ordering: .relaxed))
        }
        let errors = counters.errors.withLock { $0 }.sorted { $0.key < $1.key }.map { name, count in
            Metric.counter("sqzd_errors_total", "Calls that were answered with an error.", ["error": name], count)
        }
        return [
            counter("sqzd_calls_total", "Calls that came in.", counters.calls),
            counter("sqzd_connections_total", "Connections that were accepted.", counters.connections),
            counter("sqzd_classified_images_total", "Pictures that were classified.", counters.classifiedImages),
            .gauge(
                "sqzd_start_time_seconds", "When the daemon started, since 1970.", [:], Double(startedAt) / 1e6),
        ] + errors
    }
}

extension Metric {
    fileprivate static func gauge(_ name: String, _ help: String, _ labels: [String: String], _ value: Double) -> Self {
        Self(name: name, kind: .gauge, help: help, labels: labels, value: value)
    }

    static func counter(_ name: String, _ help: String, _ labels: [String: String], _ value: Int) -> Self {
        Self(name: name, kind: .counter, help: help, labels: labels, value: Double(value))
    }
}
