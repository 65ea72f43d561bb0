import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Imports of pictures as any client sees them.
@Suite(.serialized, .daemon()) struct PictureImportTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Import = DatasetsInterface.Import

    /// A grey pixel, by Pillow.
    private static let pixel = Data(
        base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")!

    private func writePictures(_ names: [String], in folder: String) throws -> String {
        for name in names { try daemon.scratch.write("data/\(folder)/\(name)", [UInt8](Self.pixel)) }
        return "\(daemon.data)/\(folder)"
    }

    @Test func aFolderBelowADataDirectory() throws {
        let path = try writePictures(["a/1.png", "b/1.png", "b/2.png"], in: "small")
        let replies = try daemon.stream(Import.self, .init(name: "small", path: path, size: 8, fit: .stretch))
        let last = try #require(replies.last)
        #expect(
            last.dataset?.classes == ["a", "b"] && last.dataset?.trainByClass == [1, 2] && last.dataset?.width == 8)
        #expect(last.summary == ImportSummary(size: 8, fit: .stretch, passedOver: [], unreadable: 0, duplicates: 0))
        #expect(try daemon.call(Import.self, .init(name: "small", path: path, size: 8, fit: .stretch)) == last)
    }

    @Test func linksThatLeadOutAreNotFollowed() throws {
        let path = try writePictures(["a/1.png", "b/1.png"], in: "linked")
        let outside = try daemon.scratch.write("outside/secret.png", [UInt8](Self.pixel))
        try FileManager.default.createSymbolicLink(atPath: path + "/a/2.png", withDestinationPath: outside)
        try FileManager.default.createSymbolicLink(
            atPath: path + "/c", withDestinationPath: daemon.scratch["outside"])
        let reply = try daemon.call(Import.self, .init(name: "linked", path: path))
        #expect(reply.dataset?.train == 2 && reply.dataset?.classes == ["a", "b"])
        #expect(reply.summary?.passedOver == [PassedOver(reason: "link or device", files: 2, example: "a/2.png")])
    }

    /// Which can't be read is told before the error, and nothing is left behind.
    @Test func unreadablePictures() throws {
        let path = try writePictures(["a/1.png", "b/1.png"], in: "unreadable")
        try daemon.scratch.write("data/unreadable/b/2.jpg", Array("text".utf8))
        let client = try daemon.client()
        var replies: [Import.Reply] = []
        let error = #expect(throws: VarlinkError.self) {
            try client.stream(Import.self, .init(name: "unreadable", path: path), until: TestDaemon.deadline) {
                replies.append($0)
                return .more
            }
        }
        let reason = "this is text; PNG, JPEG and WebP are read"
        #expect(replies.compactMap(\.unreadable) == [[UnreadablePicture(file: "b/2.jpg", reason: reason)]])
        #expect(
            error.flatMap { SqzError($0) }
                == .badData(file: "b/2.jpg", reason: "\(reason); --skip-unreadable leaves it out"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/imports").isEmpty)
        let reply = try daemon.call(Import.self, .init(name: "unreadable", path: path, skipUnreadable: true))
        #expect(reply.summary?.unreadable == 1 && reply.dataset?.train == 2)
    }

    @Test func sidesAreLimited() throws {
        let path = try writePictures(["a/1.png", "b/1.png"], in: "sides")
        for size in [0, -1, Limits.pictureSides.upperBound + 1, .max] {
            try daemon.expectInvalid("size", from: Import.self, .init(name: "sides", path: path, size: size))
        }
        let largest = try daemon.call(
            Import.self, .init(name: "sides", path: path, size: Limits.pictureSides.upperBound))
        #expect(largest.dataset?.height == 1_024)
    }

    @Test func twoThousandClasses() throws {
        let path = try writePictures((0..<2_000).map { "\($0)/1.png" }, in: "classes")
        let dataset = try #require(try daemon.call(Import.self, .init(name: "classes", path: path)).dataset)
        #expect(dataset.classes.count == 2_000)
        #expect(try daemon.call(DatasetsInterface.Show.self, .init(dataset: "classes")).dataset == dataset)
    }
}
