import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Predictions and evaluations by several processes, which come to what one comes to.
@Suite(
    .serialized, .needsMPI,
    .daemon {
        let daemon = try TestDaemon(
            configuration: ["launchers": .object(Launchers.all)], environment: Launchers.environment)
        try daemon.importColours()
        // Three chunks, the last of them of 237 pictures, which no number of ranks divides; and wrong labels.
        let path = try Colours.write(
            to: daemon.scratch, "data/uneven", train: 20, test: 1_237, seed: 3, mislabelled: true)
        try daemon.call(DatasetsInterface.Import.self, .init(name: "uneven", path: path))
        // Not one for each of four.
        try daemon.importColours(as: "few", train: 20, test: 3, seed: 5)
        _ = try daemon.train(as: "m", options: ["validation-share": .number(0.13)])
        try daemon.end(of: daemon.submit(.init(kind: "quantize", dataset: "colours", model: "small", base: "m")))
        return daemon
    }) struct RankScoringTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// What is scored, by which model.
    struct Scored: Sendable {
        var dataset = "uneven"
        var model = "m"
        var options: [String: JSONValue] = [:]
        /// How many there are.
        var pictures = 1_237
    }

    private func submit(
        _ kind: String, _ scored: Scored, threads: Int? = nil, ranks: Int? = nil, launcher: String? = nil
    ) throws -> Int {
        var options = scored.options
        if let threads { options["threads"] = .integer(Int64(threads)) }
        return try daemon.submit(
            .init(
                kind: kind, options: options, dataset: scored.dataset, model: scored.model, ranks: ranks,
                launcher: launcher))
    }

    private struct Found: Equatable {
        var outcome: Outcome
        var predictions: [Prediction]
    }

    private func found(by id: Int) throws -> Found {
        let job = try daemon.end(of: id)
        let outcome = try #require(job.outcome, "\(job.state): \(job.reason ?? "")")
        // Of another kind there are none to ask for.
        let pages = job.kind == "predict" ? try daemon.stream(JobsInterface.Predictions.self, .init(id: id)) : []
        return Found(outcome: outcome, predictions: pages.flatMap(\.predictions))
    }

    @Test(arguments: [
        Scored(),
        Scored(model: "small", options: ["tta": .string("flip")]),
        Scored(dataset: "few", options: ["tta": .string("flip")], pictures: 3),
        // Those that were held out, at places of their own.
        Scored(dataset: "colours", options: ["split": .string("validation")], pictures: 26),
    ]) func resultsAreThoseOfOneProcess(_ scored: Scored) throws {
        for kind in ["predict", "evaluate"] {
            let alone = try found(by: submit(kind, scored))
            #expect(alone.outcome.images == scored.pictures)
            #expect(alone.predictions.count == (kind == "predict" ? scored.pictures : 0))
            for (ranks, threads) in [(2, 2), (4, 1), (8, 1)] {
                let id = try submit(kind, scored, threads: threads, ranks: ranks)
                #expect(try found(by: id) == alone, "\(kind), \(ranks) ranks")
                let job = try daemon.job(id)
                #expect(job.ranks == ranks && job.launcher == "mpirun" && job.starts == 1)
            }
        }
    }

    @Test func aPausedJobGoesOnWithOtherRanks() throws {
        try daemon.importColours(as: "many", train: 20, test: 4_000, seed: 7)
        // With four times the work, so that there is time to pause it.
        _ = try daemon.train(as: "wide", options: ["width": .integer(2)])
        let scored = Scored(dataset: "many", model: "wide", options: ["tta": .string("flip")], pictures: 4_000)
        let alone = try found(by: submit("predict", scored))
        #expect(alone.predictions.map(\.picture) == Array(0..<4_000))
        let id = try submit("predict", scored, threads: 1, ranks: 2)
        var last: Int?
        for ranks in [4, 1] {
            try daemon.watch(id, after: last) { $0.kind == .progress ? .stop : .more }
            try daemon.call(JobsInterface.Pause.self, .init(id: id))
            try daemon.watch(id, after: last) { event in
                last = event.sequence ?? last
                return event.state == .paused ? .stop : .more
            }
            try daemon.call(JobsInterface.Resume.self, .init(id: id, ranks: ranks))
        }
        #expect(try found(by: id) == alone)
        #expect(try daemon.job(id).starts == 3)
    }

    @Test func anErrorIsThatOfOneProcess() throws {
        let scored = Scored(options: ["split": .string("validation")])
        let alone = try daemon.end(of: submit("predict", scored))
        #expect(alone.state == .failed && alone.reason?.contains("held out") == true, "\(alone.reason ?? "")")
        let job = try daemon.end(of: submit("predict", scored, ranks: 2))
        #expect(job.state == .failed && job.reason == alone.reason && job.starts == 1, "\(job.reason ?? "")")
    }

    @Test func ranksThatWouldNotComeToTheSameDoNotBegin() throws {
        let job = try daemon.end(of: submit("predict", Scored(), ranks: 2, launcher: "mixed"))
        #expect(job.state == .failed && job.starts == 1)
        #expect(job.reason?.contains("rank 1 begins with kernels scalar") == true, "\(job.reason ?? "")")
    }
}
