import JobStore
import SqzProtocol
import TestSupport
import Testing
import Varlink

@Suite struct JobStoreTests {
    private let scratch: ScratchDirectory
    private let store: JobStore

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    private let outlook = Outlook(now: 1, limits: RunningLimits(jobs: 64, perUser: 64))

    private func submit(
        _ kind: String = "train", uid: Int = 1, priority: Int = 0, dataset: String? = "d", after: [Dependency] = []
    ) async throws -> Int {
        try await store.submit(
            Submission(
                kind: kind, runner: "squeezenet", uid: uid, priority: priority,
                options: ["epochs": .integer(3), "learning-rate": .number(0.5)], dataset: dataset, after: after),
            at: 1, limits: QueueLimits(jobs: 100, perUser: 50)
        ).job.id
    }

    @Test func aJobGoesThroughItsStatesAndTheFileRemembersEach() async throws {
        let id = try await submit()
        #expect(try await store.startNext(at: 2)?.job.id == id)
        let epoch = Progress(epoch: 1, epochs: 3, step: 4, steps: 4, loss: 0.25, accuracy: 0.5)
        #expect(try await store.recordEpoch(epoch, of: id, at: 3)?.sequence == 3)
        #expect(try await store.recordEpoch(epoch, of: id, at: 3) == nil)
        _ = try await store.succeed(id, Outcome(images: 12, loss: 0.125, accuracy: 0.75), at: 4)
        try store.close()

        let reopened = try JobStore(path: scratch["sqzd.db"])
        let job = try await reopened.job(id)
        #expect(job.state == .succeeded && job.startedAt == 2 && job.endedAt == 4 && job.starts == 1)
        #expect(job.options == ["epochs": .integer(3), "learning-rate": .number(0.5)])
        #expect(job.outcome == Outcome(images: 12, loss: 0.125, accuracy: 0.75))
        let events = try await reopened.events(of: id)
        #expect(events.map(\.sequence) == [1, 2, 3, 4])
        #expect(events.map(\.state) == [.queued, .running, nil, .succeeded])
        #expect(events[2].progress?.loss == 0.25)
        #expect(try await reopened.events(of: id, after: 3).map(\.sequence) == [4])
    }

    @Test func theCountsAreThoseOfTheLastTransition() async throws {
        func counts(queued: Int = 0, running: Int = 0, cancelled: Int = 0) -> JobCounts {
            JobCounts(queued: queued, running: running, paused: 0, succeeded: 0, failed: 0, cancelled: cancelled)
        }
        #expect(try await store.counts() == counts())
        let ids = [try await submit(), try await submit()]
        #expect(try await store.counts() == counts(queued: 2))
        #expect(try await store.counts() == counts(queued: 2))
        _ = try await store.startNext(at: 2)
        #expect(try await store.counts() == counts(queued: 1, running: 1))
        _ = try await store.recordEpoch(Progress(epoch: 1, epochs: 3, step: 4, steps: 4), of: ids[0], at: 3)
        await #expect(throws: (any Error).self) {
            try await submit(after: [Dependency(job: 99, condition: .success)])
        }
        #expect(try await store.counts() == counts(queued: 1, running: 1))
        _ = try await store.move(ids[1], to: .cancelled, at: 4)
        #expect(try await store.counts() == counts(running: 1, cancelled: 1))
        try store.close()
        #expect(try await JobStore(path: scratch["sqzd.db"]).counts() == counts(running: 1, cancelled: 1))
    }

    @Test func aCancelledJobTellsItsEpochsAgain() async throws {
        let id = try await submit(dataset: nil)
        let epoch = Progress(epoch: 1, epochs: 3, step: 4, steps: 4)
        for time in [2, 12] {
            #expect(try await store.startNext(at: time)?.job.id == id)
            #expect(try await store.recordEpoch(epoch, of: id, at: time + 1) != nil)
            #expect(try await store.recordEpoch(epoch, of: id, at: time + 2) == nil)
            _ = try await store.move(id, to: .cancelled, at: time + 3)
            _ = try await store.putBack(
                id, from: [.cancelled], reason: "retried", at: time + 4, limits: QueueLimits(jobs: 100, perUser: 50))
        }
    }

    @Test func higherPrioritiesGoFirstAndEqualOnesInOrder() async throws {
        let ids = [
            try await submit(), try await submit(priority: 5), try await submit(), try await submit(priority: -1),
        ]
        #expect(try await store.job(ids[3], outlook).position == 4)
        var order: [Int] = []
        while let next = try await store.startNext(at: 2) { order.append(next.job.id) }
        #expect(order == [ids[1], ids[0], ids[2], ids[3]])
    }

    @Test func aBusyJobWaitsUntilItIsNotAndLetsOthersGo() async throws {
        let ids = [try await submit(), try await submit()]
        let limits = RunningLimits(jobs: 64, perUser: 64)
        #expect(try await store.startNext(at: 2, limits: limits, busy: [ids[0]])?.job.id == ids[1])
        #expect(try await store.startNext(at: 3, limits: limits, busy: [ids[0]]) == nil)
        #expect(try await store.startNext(at: 4, limits: limits)?.job.id == ids[0])
    }

    @Test func aJobWaitsForThoseBeforeIt() async throws {
        let first = try await submit()
        let second = try await submit(priority: 10, after: [Dependency(job: first, condition: .success)])
        #expect(try await store.job(second, outlook).reason == "waits for job \(first)")
        #expect(try await store.startNext(at: 2)?.job.id == first)
        #expect(try await store.startNext(at: 2)?.job == nil)
        _ = try await store.succeed(first, Outcome(), at: 3)
        #expect(try await store.startNext(at: 4)?.job.id == second)
        await #expect(throws: SqzError.noSuchJob(id: 99)) {
            try await submit(after: [Dependency(job: 99, condition: .any)])
        }
        #expect(try await store.jobs(limit: 10, outlook).count == 2)
    }

    @Test func jobsThatWaitInVainAreCancelledWithWhatTheyWaitedFor() async throws {
        let first = try await submit()
        let second = try await submit(after: [Dependency(job: first, condition: .success)])
        let third = try await submit(after: [Dependency(job: second, condition: .success)])
        let onFailure = try await submit(after: [Dependency(job: first, condition: .failure)])
        let inAnyCase = try await submit(after: [Dependency(job: second, condition: .any)])
        _ = try await store.startNext(at: 2)
        let changes = try await store.move(first, to: .failed, reason: "x", at: 3)
        #expect(changes.map(\.job.id) == [first, second, third])
        #expect(changes.map(\.job.state) == [.failed, .cancelled, .cancelled])
        #expect(changes[1].event.reason == "job \(first), which it waited for, has failed")
        #expect(try await store.job(onFailure).state == .queued)
        #expect(try await store.job(inAnyCase).state == .queued)
        await #expect(throws: SqzError.self) { try await submit(after: [Dependency(job: first, condition: .success)]) }
    }

    @Test func theUserWhoseJobsRanLeastIsNext() async throws {
        var greedy: [Int] = []
        for _ in 0..<5 { greedy.append(try await submit(uid: 1)) }
        let other = try await submit(uid: 2)
        #expect(try await store.startNext(at: 10)?.job.id == greedy[0])
        _ = try await store.succeed(greedy[0], Outcome(), at: 500)
        #expect(try await store.startNext(at: 501)?.job.id == other)
        _ = try await store.succeed(other, Outcome(), at: 600)
        let last = try await submit(uid: 2)
        // 490 against 99 microseconds.
        #expect(try await store.startNext(at: 601)?.job.id == last)
        _ = try await store.succeed(last, Outcome(), at: 2_000)
        #expect(try await store.startNext(at: 2_001)?.job.id == greedy[1])
    }

    @Test func pausedAndRetriedJobsComeBackToTheQueue() async throws {
        let id = try await submit()
        _ = try await store.move(id, to: .paused, at: 2)
        #expect(try await store.startNext(at: 3)?.job == nil)
        await #expect(throws: SqzError.wrongState(id: id, state: .paused)) {
            try await store.move(id, from: [.failed], to: .queued, reason: nil, at: 4)
        }
        _ = try await store.move(id, from: [.paused], to: .queued, reason: "resumed", at: 4)
        _ = try await store.startNext(at: 5)
        #expect(try await store.move(id, from: [.queued], to: .cancelled, reason: nil, at: 6)?.count == nil)
        _ = try await store.move(id, to: .failed, reason: "x", at: 7)
        _ = try await store.move(id, from: [.failed, .cancelled], to: .queued, reason: "retried", at: 8)
        let job = try await store.job(id)
        #expect(job.state == .queued && job.endedAt == nil && job.starts == 1)
    }

    @Test func theQueueIsBoundedInAllAndForEachUser() async throws {
        func submit(uid: Int) async throws {
            _ = try await store.submit(
                Submission(kind: "train", runner: "r", uid: uid), at: 1, limits: QueueLimits(jobs: 3, perUser: 2))
        }
        try await submit(uid: 1)
        try await submit(uid: 1)
        await #expect(throws: SqzError.queueFull(limit: 2, queued: 2, uid: 1)) { try await submit(uid: 1) }
        try await submit(uid: 2)
        await #expect(throws: SqzError.queueFull(limit: 3, queued: 3, uid: nil)) { try await submit(uid: 3) }
    }

    @Test func transitionsThatDoNotExistAreRefusedAndChangeNothing() async throws {
        let id = try await submit()
        await #expect(throws: SqzError.wrongState(id: id, state: .queued)) {
            try await store.succeed(id, Outcome(), at: 2)
        }
        _ = try await store.move(id, to: .cancelled, at: 2)
        await #expect(throws: SqzError.jobEnded(id: id, state: .cancelled)) {
            try await store.move(id, to: .running, at: 3)
        }
        #expect(try await store.events(of: id).count == 2)
    }

    @Test func aModelIsRegisteredWithItsJobsSuccessOrNotAtAll() async throws {
        func train(place: @escaping @Sendable () throws -> Void = {}) async throws -> Job {
            let id = try await submit()
            _ = try await store.startNext(at: 2)
            let model = NewModel(
                name: "m", sha256: "s\(id)", size: 3, runner: "squeezenet", made: .sample, publisher: .user(),
                accuracy: 0.5)
            return try await store.succeed(id, Outcome(), making: model, at: 3 + id, place: place)[0].job
        }
        #expect(try await train().outcome?.model == "m@1")
        #expect(try await train().outcome?.model == "m@2")
        struct FullDisk: Error {}
        await #expect(throws: FullDisk.self) { try await train { throw FullDisk() } }
        #expect(try await store.job(3).state == .running)
        #expect(try await store.models().map(\.version) == [2, 1])
        #expect(try await store.model("m").model.version == 2)
        #expect(try await store.model("m@1").model.sha256 == "s1")
        #expect(try await store.model(of: 1, standard: nil).model.version == 2)
        for name in ["n", "m@3", "m@x", "m@", "@1", ""] {
            let known = ["m@3", "m@x"].contains(name) ? ["m@2", "m@1"] : ["m"]
            await #expect(throws: SqzError.noSuchModel(model: name, known: known, makers: nil)) {
                try await store.model(name)
            }
        }
        #expect(try await store.blobs() == ["s1", "s2"])
    }

    @Test func dataSetsAreImportedOnceAndKeptWhileJobsUseThem() async throws {
        func add(_ name: String, _ sha256: String) async throws {
            _ = try await store.addDataset(name, .sample, sha256: sha256, size: 1, by: .user(), at: 1) {}
        }
        try await add("d", "s")
        try await add("d", "s")
        await #expect(throws: SqzError.nameTaken(dataset: "d")) { try await add("d", "t") }
        try await add("e", "s")
        let id = try await submit()
        await #expect(throws: SqzError.inUse(dataset: "d", jobs: [id])) {
            try await store.removeDataset("d", by: 1, at: 3) { _ in Issue.record("removed") }
        }
        _ = try await store.move(id, to: .cancelled, at: 2)
        try await store.removeDataset("d", by: 1, at: 3) { _ in Issue.record("the other name still needs the file") }
        try await confirmation { removed in
            try await store.removeDataset("e", by: 1, at: 3) { sha256 in
                #expect(sha256 == "s")
                removed()
            }
        }
        await #expect(throws: SqzError.noSuchDataset(dataset: "d", known: [], removedAt: 3, removedBy: 1, sha256: "s"))
        { try await store.dataset("d") }
    }

    @Test func aDataSetHasItsPicturesByClassIfTheImportCounted() async throws {
        var imported = Imported(format: "idx", train: 2, test: 1, classes: ["a", "b"], height: 32, width: 32)
        let uncounted = try await store.addDataset("d", imported, sha256: "s", size: 1, by: .user(), at: 1) {}
        #expect(uncounted.trainByClass == nil && uncounted.testByClass == nil)
        #expect(uncounted.fit == nil)
        (imported.trainByClass, imported.testByClass, imported.fit) = ([2, 0], [0, 1], .pad)
        _ = try await store.addDataset("e", imported, sha256: "t", size: 1, by: .user(), at: 1) {}
        let counted = try await store.dataset("e")
        #expect(counted.trainByClass == [2, 0] && counted.testByClass == [0, 1] && counted.fit == .pad)
    }

    @Test func runningJobsOfAKilledDaemonAreQueuedAgain() async throws {
        let id = try await submit()
        _ = try await store.startNext(at: 2)
        #expect(try await store.requeueRunning(reason: "killed", at: 3).map(\.job.id) == [id])
        #expect(try await store.job(id).state == .queued)
        #expect(try await store.startNext(at: 4)?.job.starts == 2)
    }

    @Test func whatWasAskedOfARunningJobSurvivesTheDaemon() async throws {
        let id = try await submit()
        #expect(try await store.intend(id, to: .cancelled, reason: "x") == false)
        _ = try await store.startNext(at: 2)
        #expect(try await store.intend(id, to: .cancelled, reason: "cancelled by uid 1"))
        let job = try await store.requeueRunning(reason: "killed", at: 3)[0].job
        #expect(job.state == .cancelled && job.reason == "cancelled by uid 1")
        _ = try await store.move(id, to: .queued, reason: "retried", at: 4)
        _ = try await store.startNext(at: 5)
        #expect(try await store.requeueRunning(reason: "killed", at: 6)[0].job.state == .queued)
    }

    @Test func predictionsArePagedAndReplacedWhenMadeAgain() async throws {
        let id = try await submit()
        func prediction(_ picture: Int, _ probability: Double) -> Prediction {
            Prediction(
                picture: picture, label: 1, classes: [ClassProbability(index: 1, name: "b", probability: probability)])
        }
        try await store.add((0..<5).map { try WrittenPrediction(prediction($0, 0.5)) }, to: id)
        var named = prediction(4, 0.75)
        named.file = "test/ä/4.png"
        try await store.add([named, prediction(5, 0.25)].map { try WrittenPrediction($0) }, to: id)
        let page = try await store.predictions(of: id, from: 3, limit: 2)
        #expect(page.last == 4)
        #expect(try JSON.decode([Prediction].self, from: page.text) == [prediction(3, 0.5), named])
        let all = try await store.predictions(of: id, from: 0, limit: 100)
        #expect(all.last == 5)
        #expect(try JSON.decode([Prediction].self, from: all.text).count == 6)
    }

    @Test func aNewerDatabaseIsRefusedAndNotTouched() async throws {
        try store.close()
        try Oracle.run(
            "python3",
            [
                "-c",
                "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nc.execute(\"INSERT INTO grdb_migrations VALUES ('99')\")\nc.commit()",
                scratch["sqzd.db"],
            ])
        let before = try scratch.read("sqzd.db")
        #expect(throws: JobStoreError.newer(path: scratch["sqzd.db"])) { try JobStore(path: scratch["sqzd.db"]) }
        #expect(try scratch.read("sqzd.db") == before)
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        try scratch.write("other", Array("this is not a database, but it is long enough to be looked at".utf8))
        let error = #expect(throws: JobStoreError.self) { try JobStore(path: scratch["other"]) }
        #expect(error?.description.contains("can't be used") == true)
    }
}

extension JobStoreTests {
    @Test func whatIsSubmittedIsOnDiskWhenItIsAnswered() async throws {
        // WAL and synchronous=FULL: a copy of the files at this moment has the job.
        let id = try await submit()
        let copy = try ScratchDirectory()
        for name in try scratch.names() { try copy.write(name, try scratch.read(name)) }
        #expect(try await JobStore(path: copy["sqzd.db"]).job(id).state == .queued)
    }
}

extension JobStore {
    /// For tests that are not about how many may run.
    func startNext(at time: Int) async throws -> Change? {
        try await startNext(at: time, limits: RunningLimits(jobs: 64, perUser: 64))
    }
}
