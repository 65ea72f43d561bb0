import Foundation
import JobStore
import SqzProtocol
import TestSupport
import Testing

/// What is looked for after a daemon that was killed.
@Suite struct DamageTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// The files of a store with some hundred jobs, as a kill leaves them, or closed.
    private func makeRecords(closed: Bool) async throws -> String {
        let store = try JobStore(path: scratch["original.db"])
        func submit() async throws {
            _ = try await store.submit(
                Submission(kind: "train", runner: String(repeating: "r", count: 200), uid: 1), at: 1,
                limits: QueueLimits(jobs: 1_000, perUser: 1_000))
        }
        for _ in 0..<300 { try await submit() }
        try store.close()
        let again = try JobStore(path: scratch["original.db"])
        #expect(again.condition == .closed)
        _ = try await again.submit(
            Submission(kind: "train", runner: "r", uid: 1), at: 1, limits: QueueLimits(jobs: 1_000, perUser: 1_000))
        if closed { try again.close() }
        for suffix in ["", "-wal"] {
            guard FileManager.default.fileExists(atPath: scratch["original.db" + suffix]) else { continue }
            try scratch.write("sqzd.db" + suffix, try scratch.read("original.db" + suffix))
        }
        return scratch["sqzd.db"]
    }

    /// Overwrites a page of a table of which the log has no newer one.
    private func damage() throws {
        var bytes = try scratch.read("sqzd.db")
        let pages = bytes.count / 4_096
        for place in (pages / 2) * 4_096..<(pages / 2 + 1) * 4_096 { bytes[place] = 0x5a }
        try scratch.write("sqzd.db", bytes)
    }

    @Test func whatWasNotClosedIsCheckedAndWhole() async throws {
        let path = try await makeRecords(closed: false)
        #expect(try JobStore(path: path).condition == .whole)
    }

    @Test func whatWasNotClosedAndIsDamagedIsRefusedAndNotTouched() async throws {
        let path = try await makeRecords(closed: false)
        try damage()
        let before = try scratch.read("sqzd.db")
        let error = #expect(throws: JobStoreError.self) { try JobStore(path: path) }
        #expect(error?.description.hasPrefix("\(path) is damaged and was left as it is: ") == true)
        #expect(error?.description.contains("sqlite3 \(path) .recover | sqlite3 recovered.db") == true)
        #expect(try scratch.read("sqzd.db") == before)
        // Nor is it taken for one that was closed the next time.
        #expect(throws: JobStoreError.self) { try JobStore(path: path) }
    }

    @Test func whatWasClosedIsNotLookedAt() async throws {
        let path = try await makeRecords(closed: true)
        try damage()
        #expect(try JobStore(path: path).condition == .closed)
    }

    @Test func lookingEndsInTime() async throws {
        let path = try await makeRecords(closed: false)
        #expect(try JobStore(path: path, patience: .zero).condition == .unfinished)
    }
}
