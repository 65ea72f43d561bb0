import JobStore
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Records of what a runner of somebody else's said, or was asked.
@Suite struct OddRecordTests {
    private let scratch: ScratchDirectory
    private let store: JobStore
    private let limits = QueueLimits(jobs: 100, perUser: 100)
    private let second = 1_000_000

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    /// What another runner calls epochs may be no number, and what it told may be any: whoever asks when jobs run gets an answer.
    @Test(arguments: [JSONValue.string("many"), .number(2.5), .bool(true), .integer(.max)])
    func estimatesTakeEpochsOfAnySort(epochs: JSONValue) async throws {
        let made = Imported(format: "x", train: 1 << 40, test: 0, classes: ["a", "b"], height: 1, width: 1)
        _ = try await store.addDataset("d", made, sha256: "s", size: 1, by: .user(), at: 1) {}
        for options in [["epochs": epochs], ["epochs": epochs, "seed": .integer(1)]] {
            let id = try await store.submit(
                Submission(kind: "x", runner: "r", uid: 1, options: options, dataset: "d"), at: 1, limits: limits
            ).job.id
            let outlook = Outlook(now: 2, limits: RunningLimits(jobs: 1, perUser: 1))
            #expect(try await store.job(id, outlook).position == 1)
            guard options.count == 1 else { continue }
            #expect(try await store.startNext(at: 2)?.job.id == id)
            _ = try await store.recordEpoch(Progress(epoch: 1, epochs: .max, step: 1, steps: 1), of: id, at: 3)
            _ = try await store.succeed(id, Outcome(), at: 10 * second)
        }
    }

    /// Of a thousand classes fewer predictions fit into a message than of ten.
    @Test func aPageOfPredictionsFitsIntoAMessage() async throws {
        let id = try await store.submit(
            Submission(kind: "x", runner: "r", uid: 1), at: 1, limits: limits
        ).job.id
        let classes = (0..<1_000).map {
            ClassProbability(index: $0, name: String(repeating: "c", count: 250), probability: 0.001)
        }
        try await store.add((0..<40).map { try WrittenPrediction(Prediction(picture: $0, classes: classes)) }, to: id)
        var (pictures, first) = ([Int](), 0)
        while true {
            let page = try await store.predictions(of: id, from: first, limit: 1_000)
            guard let last = page.last else { break }
            let predictions = try JSON.decode([Prediction].self, from: page.text)
            #expect(page.text.count <= Limits.predictionBytesPerReply + 100 * predictions.count)
            #expect(predictions.allSatisfy { $0.classes == classes })
            pictures += predictions.map(\.picture)
            first = last + 1
        }
        #expect(pictures == Array(0..<40))
    }

    /// Paths count as classes do, in a page and in what a user has on the disk, by bytes.
    @Test func pathsOfPredictedPicturesCount() async throws {
        let id = try await store.submit(
            Submission(kind: "x", runner: "r", uid: 1), at: 1, limits: limits
        ).job.id
        let path = String(repeating: "ä", count: Limits.picturePathBytes / 2)
        func kept() async throws -> Int {
            try await store.keep(checkpoints: 0, log: 0, of: id)
            return try await store.diskUse().reduce(0) { $0 + $1.bytes }
        }
        let count = Limits.predictionBytesPerReply / path.utf8.count + 10
        try await store.add((0..<count).map { try WrittenPrediction(Prediction(picture: $0, classes: [])) }, to: id)
        let bare = try await kept()
        try await store.add(
            (0..<count).map { try WrittenPrediction(Prediction(picture: $0, classes: [], file: path)) }, to: id)
        #expect(try await kept() == bare + count * path.utf8.count)
        let page = try await store.predictions(of: id, from: 0, limit: count)
        let found = try JSON.decode([Prediction].self, from: page.text)
        #expect((count - 20..<count).contains(found.count) && found.allSatisfy { $0.file == path })
    }

    /// Between the look at the clock and the end that follows, somebody gave it more time and was told so.
    @Test func aLimitThatComesInBetweenSavesTheJob() async throws {
        let submission = Submission(kind: "x", runner: "r", uid: 1, timeLimit: 5, deadline: 10 * second)
        let id = try await store.submit(submission, at: 1, limits: limits).job.id
        func isDue(at time: Int) async throws -> Bool { try await store.agenda(at: time).expired.map(\.id) == [id] }
        #expect(try await isDue(at: 10 * second))
        _ = try await store.limit(id, deadline: 60 * second, timeLimit: nil, at: 10 * second - 1)
        #expect(
            try await store.move(
                id, from: [.queued], to: .failed, reason: "x", at: 10 * second, ifDue: 10 * second)?.isEmpty == true)
        #expect(try await store.startNext(at: 11 * second)?.job.id == id)
        #expect(try await isDue(at: 16 * second))
        _ = try await store.limit(id, deadline: nil, timeLimit: 20, at: 16 * second - 1)
        #expect(try await !store.intend(id, to: .failed, reason: "x", ifDue: 16 * second))
        #expect(try await store.move(id, to: .queued, reason: "x", at: 17 * second).first?.job.state == .queued)
        // What is due is ended.
        #expect(
            try await store.move(
                id, from: [.queued], to: .failed, reason: "x", at: 60 * second, ifDue: 60 * second)?.count == 1)
    }
}
