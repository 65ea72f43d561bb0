import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a user can make the daemon spend: each limit of `Limits`, met over the socket. Those of the queue are met in
/// LargeQueueTests, those of the connections in ConnectionLimitTests.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.squeezenet, .countdown]) }) struct LimitTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let sha256 = String(repeating: "0", count: 64)

    @Test(arguments: [-1, 0, Limits.listedJobs + 1]) func listedJobs(_ limit: Int) throws {
        let reason = try daemon.expectInvalid("limit", from: JobsInterface.List.self, .init(limit: limit))
        #expect(reason == "must be from 1 to \(Limits.listedJobs), is \(limit)")
    }

    @Test func asManyListedJobsAsAreAllowed() throws {
        #expect(try daemon.call(JobsInterface.List.self, .init(limit: Limits.listedJobs)).jobs.count <= 1_000)
    }

    @Test func jobsBeforeAJob() throws {
        let first = try daemon.countDown()
        let reason = try daemon.expectInvalid(
            "after", from: JobsInterface.Submit.self,
            .init(
                kind: "countdown",
                after: Array(repeating: Dependency(job: first, condition: .any), count: Limits.jobsAfter + 1)))
        #expect(reason == "at most \(Limits.jobsAfter) jobs, there are \(Limits.jobsAfter + 1)")
        let many = try (1...Limits.jobsAfter).map { _ in try daemon.countDown(from: 1) }
        let after = many.map { Dependency(job: $0, condition: .success) }
        let id = try daemon.submit(.init(kind: "countdown", after: after))
        #expect(try daemon.job(id).after == after)
        // Not waited for: this is about the limit.
        for id in many + [id] {
            let error = try daemon.error(of: JobsInterface.Cancel.self, .init(id: id)).flatMap { SqzError($0) }
            guard case .jobEnded(id, _)? = error else {
                #expect(error == nil)
                continue
            }
        }
    }

    @Test(arguments: [Limits.priorities.lowerBound - 1, Limits.priorities.upperBound + 1])
    func priorities(_ priority: Int) throws {
        let reason = try daemon.expectInvalid(
            "priority", from: JobsInterface.Submit.self, .init(kind: "countdown", priority: priority))
        #expect(reason == "must be from -100 to 100, is \(priority)")
    }

    @Test(arguments: [Limits.priorities.lowerBound, Limits.priorities.upperBound])
    func extremePriorities(_ priority: Int) throws {
        let id = try daemon.countDown(from: 1, priority: priority)
        #expect(try daemon.end(of: id).priority == priority)
    }

    @Test func predictionsInAReply() throws {
        let id = try daemon.countDown(from: 1)
        for limit in [0, Limits.predictionsPerReply + 1] {
            let reason = try daemon.expectInvalid(
                "limit", from: JobsInterface.Predictions.self, .init(id: id, limit: limit))
            #expect(reason == "must be from 1 to \(Limits.predictionsPerReply), is \(limit)")
        }
    }

    @Test func textOptions() throws {
        let reason = try daemon.expectInvalid(
            "arch", from: JobsInterface.Submit.self,
            .init(kind: "train", options: ["arch": .string(String(repeating: "x", count: 1_025))]))
        #expect(reason == "is longer than 1,024 bytes")
    }

    @Test func imagesInACall() throws {
        let images = Array(repeating: "AAAA", count: Limits.imagesPerCall + 1)
        try daemon.expect(
            .tooManyImages(limit: Limits.imagesPerCall, images: images.count), from: InferenceInterface.Classify.self,
            .init(images: images))
    }

    @Test func bytesOfAnImage() throws {
        let image = Data(count: Limits.imageBytes + 3).base64EncodedString()
        // One that is allowed fits a message, with all that a call says besides.
        #expect((Limits.imageBytes + 2) / 3 * 4 + 4_096 <= FramedFile.maximumMessage)
        let reason = "has more than 12000000 bytes, the most that a picture may have"
        try daemon.expect(
            .badImage(index: 1, reason: reason), from: InferenceInterface.Classify.self, .init(images: ["", image]))
    }

    @Test func bytesOfAChunk() throws {
        let large = Data(count: Limits.chunkBytes + 1)
        #expect(Limits.chunkBytes * 4 / 3 <= 1 << 20)
        try daemon.expect(
            .tooLarge(what: "bytes in a chunk", limit: Limits.chunkBytes), from: DatasetsInterface.Write.self,
            .init(sha256: Self.sha256, offset: 0, data: large.base64EncodedString()))
        // One of the size that is allowed gets as far as the upload, which there is not.
        try daemon.expect(
            .noSuchUpload(sha256: Self.sha256), from: DatasetsInterface.Write.self,
            .init(sha256: Self.sha256, offset: 0, data: large.dropLast().base64EncodedString()))
    }

    @Test func bytesOfAnUpload() throws {
        try daemon.expect(
            .tooLarge(what: "bytes in one upload", limit: Limits.uploadBytes, current: Limits.uploadBytes + 1),
            from: DatasetsInterface.Offer.self,
            .init(sha256: Self.sha256, size: Limits.uploadBytes + 1))
    }

    @Test func filesOfADataset() throws {
        let sha256 = try Checksum.sha256([1])
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: sha256, size: 1))
        try daemon.call(DatasetsInterface.Write.self, .init(sha256: sha256, offset: 0, data: "AQ=="))
        let files = (0...Limits.filesPerDataset).map { File(name: "\($0)", sha256: sha256) }
        try daemon.expect(
            .tooLarge(what: "files in one data set", limit: Limits.filesPerDataset),
            from: DatasetsInterface.Import.self, .init(name: "many", files: files))
    }

    @Test(arguments: ["", ".hidden", "-x", "a b", "a/b/c", "a@1", "é", "a\n", String(repeating: "x", count: 65)])
    func names(_ name: String) throws {
        let reason = try daemon.expectInvalid(
            "name", from: DatasetsInterface.Import.self, .init(name: name, path: daemon.data))
        #expect(reason.contains("letters, digits") && reason.contains("\(Limits.nameBytes)"))
    }

    @Test func namesOfModels() throws {
        try daemon.importColours()
        for name in ["a/b/c", "a@1", String(repeating: "x", count: 65), "root/" + String(repeating: "x", count: 65)] {
            try daemon.expectInvalid("model", from: JobsInterface.Submit.self, .init(kind: "train", model: name))
        }
    }
}

/// What is a process of its own, and so bounded: imports at the same time, and loaded models.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .python(
                "slow", describe: "offer('make', imports=True, classifies=True)", run: run,
                others: [
                    "Import": "send({'pictures': 1}, continues=True)",
                    "Load": "sys.stdout.write('{}\\0'); sys.stdout.flush()",
                    "Classify": "log('classifying')",
                ])
        ])
    }) struct ProcessLimitTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func importsAtTheSameTime() throws {
        typealias Import = DatasetsInterface.Import
        try daemon.scratch.write("data/file", [1])
        let path = daemon.data + "/file"
        // Each has told of progress, and goes on until its caller goes away.
        let clients = try (0..<Limits.imports).map { _ in
            let client = try daemon.client()
            try client.send(Import.self, .init(name: "x", path: path), mode: .more)
            #expect(
                try client.receive(Import.self, until: TestDaemon.deadline).parameters(Import.Reply.self)
                    == Import.Reply(pictures: 1))
            return client
        }
        try daemon.expect(.busy(limit: Limits.imports), from: Import.self, .init(name: "x", path: path))
        withExtendedLifetime(clients) {}
    }

    @Test func loadedModels() throws {
        typealias Classify = InferenceInterface.Classify
        let names = (0...Limits.loadedModels).map { "m\($0)" }
        for name in names {
            #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: name))).state == .succeeded)
        }
        let clients = try names.dropLast().map { name in
            let count = daemon.reports.count
            let client = try daemon.client()
            try client.send(Classify.self, .init(images: [""], model: name))
            try daemon.wait(for: "classifying", after: count)
            return client
        }
        try daemon.expect(
            .busy(limit: Limits.loadedModels), from: Classify.self,
            .init(images: [""], model: names[Limits.loadedModels]))
        withExtendedLifetime(clients) {}
    }
}

/// Makes a model's file that no other job makes.
private let run = """
    directory = call['parameters']['directory']
    with open(directory + '/model', 'w') as file: file.write(directory)
    send({'result': {'model': {
        'file': 'model', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
        'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
    """

/// A user's uploads, in a daemon of their own: they add up.
@Suite(.serialized, .daemon { try TestDaemon(runners: [], configuration: ["freeDiskMiB": .integer(0)]) })
struct UploadLimitTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static func sha256(_ index: Int) -> String {
        let digits = String(index, radix: 16)
        return String(repeating: "0", count: 64 - digits.count) + digits
    }

    @Test func bytesOfAllUploads() throws {
        let half = Limits.uploadBytesPerUser / 2
        for index in 0..<2 {
            #expect(
                try daemon.call(DatasetsInterface.Offer.self, .init(sha256: Self.sha256(index), size: half)).offset == 0
            )
        }
        // What was announced already counts once.
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: Self.sha256(0), size: half))
        try daemon.expect(
            .tooLarge(what: "bytes in all of your uploads", limit: Limits.uploadBytesPerUser, current: 2 * half),
            from: DatasetsInterface.Offer.self, .init(sha256: Self.sha256(2), size: 1))
        for name in try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/uploads") {
            unlink("\(daemon.state)/uploads/\(name)")
        }
    }

    @Test func uploadsAtTheSameTime() throws {
        let client = try daemon.client()
        for index in 0..<Limits.uploadsPerUser {
            try client.send(DatasetsInterface.Offer.self, .init(sha256: Self.sha256(index), size: 1))
        }
        for _ in 0..<Limits.uploadsPerUser {
            let reply = try client.receive(DatasetsInterface.Offer.self, until: TestDaemon.deadline)
            #expect(try reply.parameters(DatasetsInterface.Offer.Reply.self).offset == 0)
        }
        try daemon.expect(
            .tooLarge(
                what: "uploads of yours", limit: Limits.uploadsPerUser, current: Limits.uploadsPerUser),
            from: DatasetsInterface.Offer.self,
            .init(sha256: Self.sha256(Limits.uploadsPerUser), size: 1))
        // One that is under way goes on.
        try daemon.call(DatasetsInterface.Offer.self, .init(sha256: Self.sha256(5), size: 1))
    }
}
