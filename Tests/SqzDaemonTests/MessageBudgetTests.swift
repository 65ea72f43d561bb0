import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What messages that are not answered yet may hold of the daemon's memory. The limit for all users together is met in
/// Tests/System, where there are others.
@Suite(.serialized, .daemon { try TestDaemon(runners: []) }) struct MessageBudgetTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let largest = 16 << 20
    private static let info = #"{"method":"io.sqzd.Manager.Info"}"#

    /// As many bytes of a message as it may have, without its end.
    private func beginLargest() throws -> RawConnection {
        let connection = try RawConnection(daemon)
        // Returns when the daemon has all but what fits a socket's buffer, some 200 KiB.
        try connection.write(repeatElement(UInt8(ascii: " "), count: Self.largest))
        return connection
    }

    @Test func aUsersUnfinishedMessagesAreLimited() throws {
        typealias Limit = Limits
        var connections = try (0..<Limit.messageBytesPerUser / Self.largest).map { _ in try beginLargest() }
        let refused = try beginLargest()
        let reply = try #require(try refused.receive())
        #expect(reply.error == "\(ManagerInterface.name).TooLarge")
        #expect(reply.parameters?["what"] == .string("bytes in your messages that are not answered yet"))
        #expect(reply.parameters?["limit"] == .integer(Int64(Limit.messageBytesPerUser)))
        guard case .integer(let current)? = reply.parameters?["current"] else {
            Issue.record("no current use: \(reply)")
            return
        }
        #expect(current <= Limit.messageBytesPerUser && current > Limit.messageBytesPerUser - 2 * Self.largest)
        // And it is closed, while the others and small messages are not touched.
        #expect(try refused.receive() == nil)
        try daemon.wait(for: "bytes in your messages that are not answered yet")
        let other = try RawConnection(daemon)
        try other.send(Self.info)
        #expect(try other.receive()?.error == nil)
        try connections[0].send(Self.info.padded(by: 0))
        // 16 MiB of blanks before it: one byte more than is allowed is told, and closes the connection.
        #expect(try connections[0].receive()?.error == "\(ManagerInterface.name).TooLarge")
        #expect(try connections[0].receive() == nil)

        // What is gone gives back what it held.
        connections.removeAll()
        let again = try RawConnection(daemon)
        try again.send(Self.info.padded(by: Self.largest - Self.info.utf8.count))
        #expect(try again.receive()?.error == nil)
    }

    @Test func whatIsAnsweredIsGivenBack() throws {
        let connection = try RawConnection(daemon)
        let call = Self.info.padded(by: Self.largest - Self.info.utf8.count)
        // One after the other, and together more than may be under way.
        for _ in 0...Limits.messageBytesPerUser / Self.largest {
            try connection.send(call)
            #expect(try connection.receive()?.error == nil)
        }
    }
}

extension String {
    /// Blanks before it, which are no part of what it says.
    fileprivate func padded(by count: Int) -> String { String(repeating: " ", count: count) + self }
}
