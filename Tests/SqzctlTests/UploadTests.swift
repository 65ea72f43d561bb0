import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What `sqzctl` sends of files and folders, and what it does not send again.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.squeezenet]) }) struct UploadTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    private func between(_ upgrades: GoBetween.Upgrades = .pass) throws -> GoBetween {
        try GoBetween(daemon, at: scratch["s"], upgrades: upgrades)
    }

    /// A folder of CIFAR files of its own, outside what the daemon reads.
    private func makeRecords(_ name: String, _ count: Int = 40, seed: UInt64) throws -> String {
        try scratch.write("\(name)/data_batch_1.bin", Colours.records(count, seed: seed).flatMap { $0 })
        try scratch.write("\(name)/test_batch.bin", Colours.records(20, seed: seed + 1).flatMap { $0 })
        return scratch[name]
    }

    private func dataset(_ name: String) throws -> Dataset {
        try daemon.call(DatasetsInterface.Show.self, .init(dataset: name)).dataset
    }

    private func run(_ between: GoBetween, _ words: String...) throws -> Transcript {
        try Sqzctl.run(socket: between.socket, words)
    }

    @Test func trainingASecondTimeSendsNothing() throws {
        let between = try between()
        defer { between.stop() }
        let path = try makeRecords("twice", seed: 500)
        let words = ["train", "--data", path, "--epochs", "1", "--batch-size", "20"]
        try Sqzctl.run(socket: between.socket, words).expect(0)
        #expect(between.takeMethods() == ["Info", "Import", "Upload", "Upload", "Import", "Submit"])
        #expect(between.bytes == 60 * 3_073)
        try Sqzctl.run(socket: between.socket, words).expect(0)
        #expect(between.takeMethods() == ["Info", "Import", "Submit"])
        #expect(between.bytes == 60 * 3_073)
    }

    @Test func whatWasUploadedIsNotSentAgain() throws {
        let between = try between()
        defer { between.stop() }
        let path = try makeRecords("half", seed: 510)
        // One of the two files is there already, half of the other, too.
        let bytes = try scratch.read("half/data_batch_1.bin")
        for (bytes, size) in [(try scratch.read("half/test_batch.bin"), nil), (Array(bytes[..<50_000]), bytes.count)] {
            let whole = size ?? bytes.count
            let sha256 = try Checksum.sha256(size == nil ? bytes : scratch.read("half/data_batch_1.bin"))
            try daemon.call(DatasetsInterface.Offer.self, .init(sha256: sha256, size: whole))
            try daemon.call(
                DatasetsInterface.Write.self,
                .init(sha256: sha256, offset: 0, data: Data(bytes).base64EncodedString()))
        }
        try run(between, "dataset", "import", path).expect(0)
        #expect(between.bytes == bytes.count - 50_000)
    }

    @Test(arguments: [true, false]) func anOlderDaemonGetsChunks(closes: Bool) throws {
        let between = try between(closes ? .close : .methodNotFound)
        defer { between.stop() }
        let name = closes ? "older" : "old"
        try run(between, "dataset", "import", try makeRecords(name, seed: closes ? 520 : 530)).expect(0)
        #expect(try dataset(name).train == 40)
        #expect(
            between.takeMethods()
                == ["Info", "Import", "Upload", "Offer", "Write", "Upload", "Offer", "Write", "Import"])
    }

    @Test func anUploadThatIsCutGoesOnByItself() throws {
        let between = try between(.cut(after: 2 << 20))
        defer { between.stop() }
        let path = try makeRecords("cut", 2_500, seed: 540)
        try run(between, "dataset", "import", path).expect(0)
        #expect(try dataset("cut").train == 2_500)
        // Begun anew twice, each time from what had come.
        #expect(between.takeMethods().filter { $0 == "Upload" }.count == 4)
        #expect(between.bytes < 2_520 * 3_073 + 2 << 20)
    }

    @Test func whatADaemonThatIsGoneHasIsSaid() throws {
        let path = try makeRecords("gone", 2_500, seed: 550)
        let between = try between(.vanish(after: 1 << 20))
        try run(between, "dataset", "import", path)
            .expect(69, "no daemon at \(between.socket)", "what it has of data_batch_1.bin is kept for a day")
        try Sqzctl.run(daemon, "dataset", "import", path).expect(0)
    }
}

/// Folders of pictures, which are sent as one tar file that is nowhere.
@Suite(
    .serialized, .daemon { try TestDaemon(runners: [.squeezenet]) },
    .enabled(if: Oracle.python != nil, "SQZ_PYTHON names no Python with Pillow"))
struct FolderUploadTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    @Test func aFolderIsSentOnceAndAgainWhenItChanges() throws {
        let between = try GoBetween(daemon, at: scratch["s"])
        defer { between.stop() }
        let path = scratch["photos"]
        try Oracle.run(try #require(Oracle.python), [Oracle.fixture("pictures/make.py"), path])
        func run(_ words: String...) throws { try Sqzctl.run(socket: between.socket, words).expect(0) }
        try run("dataset", "import", path)
        #expect(between.takeMethods() == ["Info", "Import", "Upload", "Import"])
        let sent = between.bytes
        // Times and owners are none of its contents.
        try Oracle.run("touch", ["-d", "2001-01-01", path + "/train/red", path + "/readme.txt"])
        try run("dataset", "import", path)
        try run("dataset", "import", path, "--name", "other")
        try run("train", "--data", path, "--epochs", "1", "--batch-size", "8")
        #expect(between.takeMethods() == ["Info", "Import", "Info", "Import", "Info", "Import", "Submit"])
        #expect(between.bytes == sent)
        try Data("more".utf8).write(to: URL(fileURLWithPath: path + "/readme.txt"))
        try run("dataset", "import", path, "--name", "changed")
        #expect(between.takeMethods() == ["Info", "Import", "Upload", "Import"])
        #expect(between.bytes > sent)
    }
}
