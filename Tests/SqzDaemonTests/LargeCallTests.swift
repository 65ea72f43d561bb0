import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a call of megabytes leaves behind in the daemon.
@Suite struct LargeCallTests {
    @Test func theMemoryOfLargeCallsIsGivenBack() throws {
        let daemon = try TestDaemon()
        try daemon.importColours()
        #expect(try daemon.train(as: "model").state == .succeeded)
        let client = try daemon.client()
        let images = Colours.records(1_000, seed: 99).map { Data($0).base64EncodedString() }
        func classify(_ count: Int) throws {
            let reply = try client.call(
                InferenceInterface.Classify.self, .init(images: Array(images.prefix(count)), top: 1))
            #expect(reply.results.count == count)
        }
        try classify(1)
        let before = try daemon.privateMemory()
        // Each call's 4 MB are 25 MB of values while they are read; 17 to 21 MB stayed before, now the connection's buffer and
        // what lies in pages of others. Nobody tells when memory was given back, and where the machine is busy a call's last
        // pieces may come after: then the next call's return takes them along.
        let bound = before + 12 << 20
        var after = Int.max
        for _ in 0..<3 where after > bound {
            for _ in 0..<3 { try classify(1_000) }
            let deadline = ContinuousClock.now + .seconds(10)
            repeat {
                usleep(50_000)
                after = try daemon.privateMemory()
            } while after > bound && .now < deadline
        }
        #expect(after <= bound, "\(before) bytes before, \(after) after")
    }
}

extension TestDaemon {
    /// Bytes of the daemon's private memory (RssAnon, proc(5)).
    fileprivate func privateMemory() throws -> Int {
        let pid = try #require(pid)
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
        return 1_024 * (try #require(line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first))
    }
}
