import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Data sets from files below the directories that the daemon may read.
@Suite(.serialized, .daemon()) struct ImportTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Import = DatasetsInterface.Import

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\(folder)").sorted()
    }

    @Test func importingTheSameAgainChangesNothing() throws {
        let first = try daemon.importColours(as: "same")
        #expect(try daemon.importColours(as: "same") == first)
        #expect(try daemon.call(DatasetsInterface.Show.self, .init(dataset: "same")).dataset == first)
        #expect(try Checksum.sha256(ofFile: "\(daemon.state)/blobs/\(first.sha256)") == first.sha256)
        #expect(first.uid == Int(geteuid()) && first.train == 200 && first.test == 40)
    }

    @Test func otherDataUnderTheSameNameAreRefused() throws {
        let first = try daemon.importColours(as: "taken")
        let blobs = try names(in: "blobs")
        let other = try Colours.write(to: daemon.scratch, "data/other", seed: 77)
        try daemon.expect(.nameTaken(dataset: "taken"), from: Import.self, .init(name: "taken", path: other))
        #expect(try daemon.call(DatasetsInterface.Show.self, .init(dataset: "taken")).dataset == first)
        #expect(try names(in: "blobs") == blobs && names(in: "imports") == [])
    }

    @Test func theSameDataUnderTwoNamesAreKeptOnce() throws {
        let path = try Colours.write(to: daemon.scratch, "data/twice", seed: 5)
        let one = try #require(try daemon.call(Import.self, .init(name: "one", path: path)).dataset)
        let blobs = try names(in: "blobs")
        let two = try #require(try daemon.call(Import.self, .init(name: "two", path: path)).dataset)
        #expect(one.sha256 == two.sha256)
        #expect(try names(in: "blobs") == blobs)
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "one"))
        #expect(try names(in: "blobs").contains(two.sha256))
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "two"))
        #expect(try !names(in: "blobs").contains(two.sha256))
        let known = try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name)
        let error = try daemon.error(of: DatasetsInterface.Show.self, .init(dataset: "two")).flatMap { SqzError($0) }
        guard case .noSuchDataset("two", known, let time?, let uid?, two.sha256?)? = error else {
            Issue.record("\(error.map { "\($0)" } ?? "it is still there")")
            return
        }
        #expect(uid == geteuid() && time > two.createdAt)
    }

    @Test func onlyAllowedPathsAreRead() throws {
        let outside = try Colours.write(to: daemon.scratch, "outside")
        let link = daemon.data + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: outside)
        for path in [outside, link, "\(daemon.data)/../outside", "/etc/passwd", daemon.data + "x/.."] {
            let error = try daemon.error(of: Import.self, .init(name: "x", path: path)).flatMap { SqzError($0) }
            let refused: [SqzError] = [
                .pathNotAllowed(path: path, allowed: [daemon.data]), .noSuchPath(path: path),
            ]
            #expect(error.map(refused.contains) == true, "\(path): \(String(describing: error))")
        }
        try daemon.expect(
            .noSuchPath(path: daemon.data + "/nothing"), from: Import.self,
            .init(name: "x", path: daemon.data + "/nothing"))
        for path in ["", "data", "../data"] {
            try daemon.expectInvalid("path", from: Import.self, .init(name: "x", path: path))
        }
        try daemon.expectInvalid("files", from: Import.self, .init(name: "x"))
        try daemon.expectInvalid("files", from: Import.self, .init(name: "x", files: [], path: daemon.data))
    }

    @Test func linksInAFolderThatLeadOutAreNotFollowed() throws {
        let outside = try daemon.scratch.write(
            "elsewhere/data_batch_2.bin", Colours.records(10, seed: 3).flatMap { $0 })
        let path = try Colours.write(to: daemon.scratch, "data/linked", train: 30, test: 10)
        try FileManager.default.createSymbolicLink(
            atPath: path + "/data_batch_2.bin", withDestinationPath: outside)
        #expect(try daemon.call(Import.self, .init(name: "linked", path: path)).dataset?.train == 30)
    }

    @Test func progressComesWithMoreOnly() throws {
        let path = try Colours.write(to: daemon.scratch, "data/progress", seed: 9)
        let replies = try daemon.stream(Import.self, .init(name: "progress", path: path))
        #expect(replies.dropLast().allSatisfy { $0.pictures != nil && $0.dataset == nil })
        #expect(replies.last?.dataset?.name == "progress")
        #expect(try daemon.call(Import.self, .init(name: "progress", path: path)).dataset == replies.last?.dataset)
    }

    /// Files that are no data, by what is wrong with them, and a word of the answer.
    private static let bad: [String: (files: [String: [UInt8]], word: String)] = [
        "truncated": (["data_batch_1.bin": Array(Colours.records(2, seed: 1).flatMap { $0 }.dropLast())], "record"),
        "one byte too many": (["data_batch_1.bin": Colours.records(2, seed: 1).flatMap { $0 } + [0]], "record"),
        "a label out of range": (
            [
                "data_batch_1.bin": [10] + [UInt8](repeating: 0, count: 3_072),
                "batches.meta.txt": Array(Colours.classes.joined(separator: "\n").utf8),
            ], "label"
        ),
        "an empty file": (["data_batch_1.bin": []], "empty"),
        "no archive": (["cifar-10-binary.tar.gz": Array("no archive at all".utf8)], ""),
        "IDX with too few pictures": (
            [
                "train-images-idx3-ubyte": [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]
                    + [UInt8](repeating: 1, count: 784),
                "train-labels-idx1-ubyte": [0, 0, 8, 1, 0, 0, 0, 2, 0, 1],
            ], "bytes"
        ),
        "IDX with other counts": (
            [
                "train-images-idx3-ubyte": [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]
                    + [UInt8](repeating: 1, count: 784),
                "train-labels-idx1-ubyte": [0, 0, 8, 1, 0, 0, 0, 2, 0, 1],
            ], "2"
        ),
        "nothing": ([:], ""),
    ]

    @Test(arguments: bad.keys.sorted()) func badDataLeaveNothing(_ name: String) throws {
        let (files, word) = try #require(Self.bad[name])
        let folder = "data/bad \(name)"
        for (file, bytes) in files { try daemon.scratch.write("\(folder)/\(file)", bytes) }
        try FileManager.default.createDirectory(
            atPath: daemon.scratch[folder], withIntermediateDirectories: true)
        let blobs = try names(in: "blobs")
        let error = try daemon.error(of: Import.self, .init(name: "bad", path: daemon.scratch[folder]))
        guard case .badData(let file, let reason)? = error.flatMap({ SqzError($0) }) else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.name == "io.sqzd.Datasets.BadData")
        #expect(files.isEmpty || files.keys.contains(file))
        #expect(word.isEmpty || reason.contains(word), "\(file): \(reason)")
        #expect(try names(in: "blobs") == blobs && names(in: "imports") == [])
        #expect(try !daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.contains { $0.name == "bad" })
    }

    @Test func namesOfClassesComeFromTheCaller() throws {
        let path = try daemon.scratch.write("data/named/data_batch_1.bin", Colours.records(20, seed: 4).flatMap { $0 })
        let dataset = try daemon.call(Import.self, .init(name: "named", path: path, classes: Colours.classes)).dataset
        #expect(dataset?.classes == Colours.classes && dataset?.test == 0)
        let error = try daemon.error(of: Import.self, .init(name: "few", path: path, classes: ["red"]))
        #expect(error?.name == "io.sqzd.Datasets.BadData")
    }

    @Test func aDatasetInUseStays() throws {
        try daemon.importColours(as: "used")
        let blocker = try daemon.block()
        let job = try daemon.submit(
            .init(kind: "train", options: ["epochs": .integer(1)], dataset: "used", model: "used"))
        try daemon.expect(
            .inUse(dataset: "used", jobs: [job]), from: DatasetsInterface.Remove.self, .init(dataset: "used"))
        try daemon.cancel(job)
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "used"))
        try daemon.cancel(blocker)
    }
}
