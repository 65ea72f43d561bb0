import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What users may keep on the disk. Each test has a daemon of its own, with limits of its own.
@Suite(.serialized) struct DiskUseTests {
    private static let sha256 = String(repeating: "0", count: 63)
    private static let mine = "bytes of your uploads, data sets, models, checkpoints, logs and predictions on the disk"

    private static func daemon(_ configuration: [String: JSONValue]) throws -> TestDaemon {
        try TestDaemon(runners: [.squeezenet], configuration: configuration)
    }

    @Test func uploadsCountAsTheyWereAnnounced() throws {
        let daemon = try Self.daemon(["userDiskMiB": .integer(1)])
        let limit = 1 << 20
        typealias Offer = DatasetsInterface.Offer
        try daemon.expect(
            .tooLarge(what: Self.mine, limit: limit, current: 0), from: Offer.self,
            .init(sha256: Self.sha256 + "0", size: limit + 1))
        try daemon.call(Offer.self, .init(sha256: Self.sha256 + "1", size: 700_000))
        try daemon.expect(
            .tooLarge(what: Self.mine, limit: limit, current: 700_000), from: Offer.self,
            .init(sha256: Self.sha256 + "2", size: 400_000))
        // The one that is under way has its room.
        try daemon.call(Offer.self, .init(sha256: Self.sha256 + "1", size: 700_000))
        try daemon.call(Offer.self, .init(sha256: Self.sha256 + "2", size: limit - 700_000))
        try daemon.stop()
    }

    @Test func aDatasetThatIsTooLargeIsNotKept() throws {
        let daemon = try Self.daemon(["userDiskMiB": .integer(1)])
        let path = try Colours.write(to: daemon.scratch, "data/large", train: 400)
        let error = try daemon.error(of: DatasetsInterface.Import.self, .init(name: "large", path: path))
        #expect(error.flatMap { SqzError($0) } == .tooLarge(what: Self.mine, limit: 1 << 20, current: 0))
        #expect(try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets == [])
        for folder in ["blobs", "imports"] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\(folder)") == [])
        }
        try daemon.importColours()
        try daemon.stop()
    }

    @Test func whoHasNoRoomForAModelCannotTrain() throws {
        let daemon = try Self.daemon(["userDiskMiB": .integer(1)])
        let dataset = try daemon.importColours()
        // What a job has made is kept, though it is more than is allowed.
        #expect(try daemon.train().state == .succeeded)
        let model = try #require(try daemon.call(ModelsInterface.List.self, NoParameters()).models.first)
        let used = try dataset.size + model.size + (disk(daemon)["results"] ?? 0)
        #expect(used > 1 << 20)
        try daemon.expect(
            .tooLarge(what: Self.mine, limit: 1 << 20, current: used), from: JobsInterface.Submit.self,
            .init(kind: "train", dataset: dataset.name))
        // To use it needs no room, and removing it makes some.
        let evaluation = try daemon.submit(.init(kind: "evaluate", dataset: dataset.name))
        #expect(try daemon.end(of: evaluation).state == .succeeded)
        try daemon.call(ModelsInterface.Remove.self, .init(model: "colours@1"))
        #expect(try daemon.train().state == .succeeded)
        try daemon.stop()
    }

    /// What a job's files hold.
    private func bytes(of job: Int, of daemon: TestDaemon) throws -> Int {
        let directory = "\(daemon.state)/jobs/\(job)"
        return try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
            return try sum + #require(attributes[.size] as? Int)
        }
    }

    @Test func checkpointsCountUntilNobodyNeedsThem() throws {
        let daemon = try Self.daemon(["userDiskMiB": .integer(2)])
        let dataset = try daemon.importColours()
        let job = try daemon.submit(.init(kind: "train", options: ["epochs": .integer(1_000)], dataset: dataset.name))
        try daemon.watch(job) { $0.kind == .epoch ? .stop : .more }
        try daemon.call(JobsInterface.Pause.self, .init(id: job))
        try daemon.watch(job) { $0.state == .paused ? .stop : .more }
        let used = try dataset.size + bytes(of: job, of: daemon)
        #expect(used > 2 << 20)
        let offer = DatasetsInterface.Offer.Parameters(sha256: Self.sha256 + "1", size: 100)
        try daemon.expect(
            .tooLarge(what: Self.mine, limit: 2 << 20, current: used), from: DatasetsInterface.Offer.self, offer)
        try daemon.cancel(job)
        try daemon.call(DatasetsInterface.Offer.self, offer)
        try daemon.stop()
    }

    @Test func allUsersTogetherAreLimited() throws {
        let daemon = try Self.daemon(["diskMiB": .integer(1)])
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: Self.sha256 + "1", size: 700_000))
        try daemon.expect(
            .tooLarge(
                what: "bytes of all uploads, data sets, models, checkpoints, logs and predictions on the disk",
                limit: 1 << 20,
                current: 700_000),
            from: DatasetsInterface.Offer.self, .init(sha256: Self.sha256 + "2", size: 400_000))
        try daemon.stop()
    }

    @Test func diskIsLeftFree() throws {
        // A pebibyte.
        let daemon = try Self.daemon(["freeDiskMiB": .integer(1 << 30)])
        let error = try daemon.error(of: DatasetsInterface.Offer.self, .init(sha256: Self.sha256 + "1", size: 1))
        guard
            case .tooLarge("bytes that must stay free on the disk", 1 << 50, let free?)? = error.flatMap({
                SqzError($0)
            })
        else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(free > 0 && free < 1 << 50)
        try daemon.configure([:])
        try daemon.reload()
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: Self.sha256 + "1", size: 1))
        try daemon.stop()
    }

    private func disk(_ daemon: TestDaemon) throws -> [String: Int] {
        let metrics = try daemon.call(ManagerInterface.Metrics.self, NoParameters()).metrics
        return try metrics.filter { $0.name == "sqzd_disk_bytes" }.reduce(into: [:]) { sums, metric in
            #expect(metric.labels["uid"] == "\(geteuid())")
            sums[try #require(metric.labels["what"])] = Int(metric.value)
        }
    }

    @Test func logsAndPredictionsCountForAsLongAsTheyAreKept() throws {
        let daemon = try TestDaemon(configuration: ["userDiskMiB": .integer(1)])
        let text = try daemon.submit(.init(kind: "countdown", options: ["from": .integer(3)]))
        try daemon.end(of: text)
        let log = try bytes(of: text, of: daemon)
        #expect(log > 0)
        #expect(try disk(daemon) == ["results": log])
        let dataset = try daemon.importColours()
        let model = try #require(try daemon.train().outcome?.model)
        let size = try daemon.call(ModelsInterface.Show.self, .init(model: model)).model.size
        let before = try disk(daemon)
        #expect(before["datasets"] == dataset.size && before["models"] == size && before["checkpoints"] == nil)
        let predict = try daemon.end(of: daemon.submit(.init(kind: "predict", dataset: "colours")))
        let count = try #require(predict.outcome?.predictions)
        let results = try #require(try disk(daemon)["results"])
        // Each is more than its label and a class with its name.
        #expect(results > (before["results"] ?? 0) + 40 * count)
        let error = try daemon.error(of: DatasetsInterface.Offer.self, .init(sha256: Self.sha256 + "1", size: 1 << 20))
        #expect(
            error.flatMap { SqzError($0) }
                == .tooLarge(what: Self.mine, limit: 1 << 20, current: dataset.size + size + results))
        try daemon.stop()
    }

    /// What it points to is not the user's, and may be gone, or be no file at all.
    @Test func aLinkCountsForItself() throws {
        let daemon = try TestDaemon(runners: [
            .python(
                "linker", describe: "offer('link')",
                run: """
                    directory = call["parameters"]["directory"]
                    os.symlink(sys.executable, directory + "/checkpoint-1")
                    os.symlink("a" * 50, directory + "/checkpoint-2")
                    os.symlink("checkpoint-3", directory + "/checkpoint-3")
                    sys.stdout.write('{"error": "io.sqzd.Runner.Failed", "parameters": {"reason": "no"}}\\0')
                    sys.stdout.flush()
                    """)
        ])
        let job = try daemon.end(of: daemon.submit(.init(kind: "link")))
        #expect(job.state == .failed && job.reason == "no")
        #expect(try (60..<1_000).contains(#require(try disk(daemon)["checkpoints"])))
        try daemon.stop()
    }

    @Test func aJobThatLeavesNothingLeavesNoDirectory() throws {
        let daemon = try TestDaemon(runners: [.countdown, .python("quiet", describe: "offer('quiet')")])
        func directories() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/jobs").sorted()
        }
        let quiet = try daemon.submit(.init(kind: "quiet"))
        #expect(try daemon.end(of: quiet).state == .succeeded)
        let loud = try daemon.countDown(from: 1)
        #expect(try daemon.end(of: loud).state == .succeeded)
        let waiting = try daemon.submit(.init(kind: "quiet", hold: true))
        try daemon.cancel(waiting)
        #expect(try directories() == ["\(loud)"])
        #expect(try daemon.call(JobsInterface.Logs.self, .init(id: quiet)).lines == [])
        #expect(try daemon.call(JobsInterface.Logs.self, .init(id: loud)).lines != [])
        // Those that an older version left go when the daemon starts.
        try daemon.stop()
        for id in 100..<103 {
            try #require(mkdir("\(daemon.state)/jobs/\(id)", 0o700) == 0)
            try #require(FileManager.default.createFile(atPath: "\(daemon.state)/jobs/\(id)/log", contents: nil))
        }
        try daemon.start()
        #expect(try directories() == ["\(loud)"])
        try daemon.stop()
    }
}
