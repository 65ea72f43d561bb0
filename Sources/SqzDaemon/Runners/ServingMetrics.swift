package import SqzProtocol
internal import Synchronization
internal import Varlink

/// What was asked of each model and how it went, since the daemon started. A model's figures are made when it is first used, and
/// go with it; after that, nothing here takes memory.
package final class ServingMetrics: Sendable {
    /// A model by NAME@VERSION.
    private struct Key: Hashable {
        let name: String
        let version: Int

        init(_ model: Model) { (name, version) = (model.name, model.version) }
    }

    private struct Figures {
        var lastUse = ContinuousClock.now
        var calls = 0
        var pictures = 0
        var loads = 0
        /// By what happened, as the protocol's errors are called.
        var errors: [String: Int] = [:]
        /// 0.1 ms to 13 s.
        var seconds = DoublingHistogram(first: 1e-4, bounds: 18)
        /// 1 to the most that a call may have.
        var batches = DoublingHistogram(first: 1, bounds: 11)
    }

    private let figures = Mutex<[Key: Figures]>([:])

    package init() {}

    private func change(_ model: Model, _ body: (inout Figures) -> Void) {
        let key = Key(model)
        figures.withLock { figures in
            if figures[key] == nil, figures.count >= Limits.measuredModels,
                let oldest = figures.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                figures[oldest.key] = nil
            }
            body(&figures[key, default: Figures()])
        }
    }

    /// Measures a call's pictures being classified. One whose pictures were not all looked at is another call when it goes on.
    package func measure<Result>(_ model: Model, _ body: () async throws -> Result) async throws -> Result {
        let start = ContinuousClock.now
        do {
            let result = try await body()
            addCall(to: model, since: start)
            return result
        } catch {
            try add(error, to: model)
            throw error
        }
    }

    /// A call to a model was answered.
    func addCall(to model: Model, since start: ContinuousClock.Instant) {
        let end = ContinuousClock.now
        change(model) { figures in
            figures.lastUse = end
            figures.calls += 1
            figures.seconds.add((end - start) / .seconds(1))
        }
    }

    /// A call to a model failed.
    func add(_ error: any Error, to model: Model) throws {
        // A caller that went away had no error.
        guard !(error is CancellationError) else { return }
        let name = try ErrorMapping.wire(error, method: InferenceInterface.Classify.name).name
        change(model) { figures in
            figures.lastUse = .now
            figures.calls += 1
            figures.errors[String(name.dropFirst(InferenceInterface.name.utf8.count + 1)), default: 0] += 1
        }
    }

    /// - Parameter bad: those that can't be used.
    package func add(pictures: Int, bad: Int, to model: Model) {
        change(model) { figures in
            figures.pictures += pictures
            if bad > 0 { figures.errors["BadImage", default: 0] += bad }
        }
    }

    /// So many pictures went to the model's runner together.
    package func addBatch(of pictures: Int, to model: Model) { change(model) { $0.batches.add(Double(pictures)) } }

    /// A runner has loaded the model.
    func addLoad(of model: Model) { change(model) { $0.loads += 1 } }

    /// The model was removed.
    package func forget(_ model: Model) { figures.withLock { $0[Key(model)] = nil } }

    /// The models of this name are called something else now.
    package func forget(_ name: String) {
        figures.withLock { figures in figures = figures.filter { $0.key.name != name } }
    }

    /// All of it, by model.
    package func current() -> (metrics: [Metric], histograms: [Histogram]) {
        let figures = figures.withLock { $0 }.map { ("\($0.name)@\($0.version)", $1) }.sorted { $0.0 < $1.0 }
        func counters(_ name: String, _ help: String, _ value: (Figures) -> Int) -> [Metric] {
            figures.map { model, figures in
                .counter(name, help, ["model": model], value(figures))
            }
        }
        let errors = figures.flatMap { model, figures in
            figures.errors.sorted { $0.key < $1.key }.map { error, count in
                Metric.counter(
                    "sqzd_model_errors_total", "Calls to a model that failed, by error; BadImage counts pictures.",
                    ["model": model, "error": error], count)
            }
        }
        return (
            counters("sqzd_model_calls_total", "Calls to a model that were answered or failed.", \.calls)
                + counters("sqzd_model_images_total", "Pictures that a model classified.", \.pictures)
                + counters("sqzd_model_loads_total", "How often a model was loaded.", \.loads) + errors,
            figures.map { model, figures in
                figures.seconds.told(
                    "sqzd_model_call_seconds", "How long calls to a model took that were answered.", ["model": model])
            }
                + figures.map { model, figures in
                    figures.batches.told(
                        "sqzd_model_batch_images", "Pictures that went to a model's runner together.",
                        ["model": model])
                }
        )
    }
}
