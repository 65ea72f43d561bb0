import SqzDaemon
import SqzProtocol
import Testing

/// What is counted of models: in which buckets, and of how many.
@Suite struct ServingMetricsTests {
    private let serving = ServingMetrics()

    private func model(_ name: String, _ version: Int = 1) -> Model {
        Model(
            name: name, version: version, sha256: "", weightsSha256: "", size: 0, architecture: "", bypass: "",
            classes: [], parameters: 0, multiplyAdds: 0, preprocessing: "", runner: "", uid: 0, createdAt: 0)
    }

    private var models: [String?] {
        serving.current().metrics.filter { $0.name == "sqzd_model_images_total" }.map { $0.labels["model"] }
    }

    @Test func aBoundIsTheLastValueOfItsBucket() throws {
        for pictures in [1, 2, 2, 3, 4, 5, 1_024, 1_025, 5_000] { serving.addBatch(of: pictures, to: model("m")) }
        let batches = try #require(serving.current().histograms.first { $0.name == "sqzd_model_batch_images" })
        #expect(batches.bounds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])
        #expect(batches.counts == [1, 2, 2, 1, 0, 0, 0, 0, 0, 0, 1])
        #expect(batches.count == 9 && batches.sum == 7_066 && batches.labels == ["model": "m@1"])
    }

    @Test func callsAreMeasured() async throws {
        for _ in 0..<3 { #expect(try await serving.measure(model("m")) { 7 } == 7) }
        for error in [SqzError.stopping, SqzError.busy(limit: 1), SqzError.stopping] {
            await #expect(throws: error) { try await serving.measure(model("m")) { throw error } }
        }
        await #expect(throws: CancellationError.self) {
            try await serving.measure(model("m")) { throw CancellationError() }
        }
        serving.add(pictures: 5, bad: 2, to: model("m"))
        let (metrics, histograms) = serving.current()
        func value(_ name: String, _ error: String? = nil) -> Double? {
            metrics.first { $0.name == name && $0.labels["error"] == error }?.value
        }
        #expect(value("sqzd_model_calls_total") == 6 && value("sqzd_model_images_total") == 5)
        #expect(value("sqzd_model_errors_total", "Stopping") == 2 && value("sqzd_model_errors_total", "Busy") == 1)
        #expect(value("sqzd_model_errors_total", "BadImage") == 2)
        #expect(metrics.count { $0.name == "sqzd_model_errors_total" } == 3)
        let seconds = try #require(histograms.first { $0.name == "sqzd_model_call_seconds" })
        #expect(seconds.count == 3 && seconds.counts.reduce(0, +) == 3)
        #expect(
            seconds.bounds.first == 0.000_1
                && zip(seconds.bounds, seconds.bounds.dropFirst()).allSatisfy { $0 * 2 == $1 })
    }

    @Test func aFurtherModelTakesThePlaceOfTheOneThatWasUsedLongestAgo() async throws {
        for number in 1...Limits.measuredModels { try await serving.measure(model("m", number)) {} }
        try await serving.measure(model("m", 1)) {}
        try await serving.measure(model("other")) {}
        let names = models
        #expect(names.count == Limits.measuredModels && names.contains("other@1"))
        #expect(names.contains("m@1") && !names.contains("m@2") && names.contains("m@3"))
    }

    @Test func whatIsGoneIsForgotten() {
        for (name, version) in [("a", 1), ("a", 2), ("b", 1), ("b", 2)] {
            serving.add(pictures: 1, bad: 0, to: model(name, version))
        }
        serving.forget(model("a", 1))
        #expect(models == ["a@2", "b@1", "b@2"])
        serving.forget("b")
        #expect(models == ["a@2"])
    }
}
