import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Messages as bytes: what is answered, and what closes the connection.
@Suite(.serialized, .daemon { try TestDaemon(runners: [.countdown]) }) struct FramingTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let show = #"{"method": "io.sqzd.Jobs.Show", "parameters": {"id": 999}}"#
    private static let noSuchJob = Example.Reply(error: "io.sqzd.Jobs.NoSuchJob", parameters: ["id": .integer(999)])

    private static func show(_ id: Int) -> String { show.replacing("999", with: "\(id)") }

    private static func nested(_ depth: Int) -> String {
        // The message, its parameters and its options are the first three levels.
        #"{"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "countdown", "options": {"from": "#
            + String(repeating: "[", count: depth - 3) + String(repeating: "]", count: depth - 3) + "}}}"
    }

    private static let malformed: [String: [UInt8]] = [
        "nothing": [],
        "not JSON": Array("{".utf8),
        "two values": Array((show + show).utf8),
        "an array": Array("[\(show)]".utf8),
        "no method": Array(#"{"parameters": {"id": 999}}"#.utf8),
        "a method that is no string": Array(#"{"method": 7}"#.utf8),
        "parameters that are no object": Array(#"{"method": "io.sqzd.Jobs.Show", "parameters": [999]}"#.utf8),
        "a member twice": Array(#"{"method": "io.sqzd.Jobs.List", "method": "io.sqzd.Jobs.List"}"#.utf8),
        "a parameter twice": Array(#"{"method": "io.sqzd.Jobs.Show", "parameters": {"id": 1, "id": 2}}"#.utf8),
        "an unknown member": Array(#"{"method": "io.sqzd.Jobs.List", "colour": "red"}"#.utf8),
        "a flag that is no boolean": Array(#"{"method": "io.sqzd.Jobs.List", "more": 1}"#.utf8),
        "more and oneway": Array(#"{"method": "io.sqzd.Jobs.List", "more": true, "oneway": true}"#.utf8),
        "more and upgrade": Array(#"{"method": "io.sqzd.Jobs.List", "more": true, "upgrade": true}"#.utf8),
        "oneway and upgrade": Array(#"{"method": "io.sqzd.Jobs.List", "oneway": true, "upgrade": true}"#.utf8),
        "upgrade": Array(#"{"method": "io.sqzd.Jobs.List", "upgrade": true}"#.utf8),
        "bad UTF-8": Array(#"{"method": "io.sqzd.Jobs.Show", "parameters": {"id": ""#.utf8) + [0xff]
            + Array(#""}}"#.utf8),
        "a surrogate in UTF-8": Array(#"{"method": ""#.utf8) + [0xed, 0xa0, 0x80] + Array(#""}"#.utf8),
        "NaN": Array(#"{"method": "io.sqzd.Jobs.Show", "parameters": {"id": NaN}}"#.utf8),
        "65 levels": Array(nested(65).utf8),
        "a reply": Array(#"{"parameters": {}, "continues": true}"#.utf8),
    ]

    @Test(arguments: malformed.keys.sorted()) func isClosed(after name: String) throws {
        let connection = try RawConnection(daemon)
        try connection.write(try #require(Self.malformed[name]) + [0])
        try connection.send(Self.show)
        #expect(try connection.receive() == nil)
        // The others notice nothing.
        let other = try RawConnection(daemon)
        try other.send(Self.show)
        #expect(try other.receive() == Self.noSuchJob)
    }

    @Test func whatCameBeforeIsAnswered() throws {
        let connection = try RawConnection(daemon)
        try connection.send(Self.show)
        try connection.send("{")
        #expect(try connection.receive() == Self.noSuchJob)
        #expect(try connection.receive() == nil)
    }

    @Test func sixtyFourLevelsAreRead() throws {
        let connection = try RawConnection(daemon)
        try connection.send(Self.nested(64))
        #expect(try connection.receive()?.error == "io.sqzd.Jobs.InvalidOption")
    }

    @Test func aMessageMayHave16MiBAndNoByteMore() throws {
        let call = Array(Self.show.utf8)
        let space = [UInt8](repeating: UInt8(ascii: " "), count: (16 << 20) - call.count)
        let largest = try RawConnection(daemon)
        try largest.write(call + space + [0])
        #expect(try largest.receive() == Self.noSuchJob)
        let larger = try RawConnection(daemon)
        try larger.write(call + space + [UInt8(ascii: " "), 0])
        try Self.expectTooLarge(larger)
    }

    @Test func seventeenMiBWithoutAnEndAreCutOff() throws {
        let connection = try RawConnection(daemon)
        try connection.write([UInt8](repeating: UInt8(ascii: " "), count: 17 << 20))
        try Self.expectTooLarge(connection)
    }

    /// It is told of, and then the connection is closed.
    private static func expectTooLarge(_ connection: RawConnection) throws {
        let error = try SqzError.tooLarge(what: "the message", limit: 16 << 20).wire(interface: ManagerInterface.name)
        #expect(try connection.receive() == Example.Reply(error: error.name, parameters: error.parameters))
        #expect(try connection.receive() == nil)
    }

    @Test func vendorsMayAddMembers() throws {
        let connection = try RawConnection(daemon)
        try connection.send(#"{"method": "io.sqzd.Jobs.Show", "parameters": {"id": 999}, "org.example.trace": 1}"#)
        #expect(try connection.receive() == Self.noSuchJob)
    }

    @Test func flagsMayBeFalseAndParametersNull() throws {
        let connection = try RawConnection(daemon)
        try connection.send(
            #"{"method": "io.sqzd.Jobs.List", "parameters": null, "more": false, "oneway": false, "upgrade": false}"#)
        let reply = try #require(try connection.receive())
        #expect(reply.error == nil && reply.parameters?.keys.sorted() == ["jobs", "total"])
    }

    @Test func bytesMayComeOneAtATime() throws {
        let connection = try RawConnection(daemon)
        for byte in Array(Self.show.utf8) + [0] { try connection.write([byte]) }
        #expect(try connection.receive() == Self.noSuchJob)
    }

    @Test func halfAMessageIsForgotten() throws {
        do {
            let connection = try RawConnection(daemon)
            try connection.write(Self.show.utf8.prefix(20))
        }
        let halfClosed = try RawConnection(daemon)
        try halfClosed.send(Self.show)
        try halfClosed.write(Self.show.utf8)
        halfClosed.finishWriting()
        #expect(try halfClosed.receive() == Self.noSuchJob)
        #expect(try halfClosed.receive() == nil)
    }

    @Test func pipelinedCallsAreAnsweredInOrder() throws {
        let connection = try RawConnection(daemon)
        let ids = Array(1_000..<1_200)
        try connection.write(ids.flatMap { Array(Self.show($0).utf8) + [0] })
        for id in ids { #expect(try connection.receive()?.parameters == ["id": .integer(Int64(id))]) }
    }

    @Test func aHalfClosedClientGetsItsReplies() throws {
        let connection = try RawConnection(daemon)
        let ids = Array(1_000..<1_010)
        try connection.write(ids.flatMap { Array(Self.show($0).utf8) + [0] })
        connection.finishWriting()
        for id in ids { #expect(try connection.receive()?.parameters == ["id": .integer(Int64(id))]) }
        #expect(try connection.receive() == nil)
    }

    @Test func aHalfClosedClientGetsItsStream() throws {
        let id = try daemon.block()
        let connection = try RawConnection(daemon)
        try connection.send(#"{"method": "io.sqzd.Jobs.Watch", "parameters": {"id": \#(id)}, "more": true}"#)
        connection.finishWriting()
        #expect(try connection.receive()?.continues == true)
        try daemon.cancel(id)
        var last: Example.Reply?
        while let reply = try connection.receive() { last = reply }
        guard case .object(let event)? = last?.parameters?["event"] else {
            Issue.record("\(String(describing: last))")
            return
        }
        #expect(event["state"] == .string("cancelled") && last?.continues == nil)
    }

    @Test func aOnewayCallGetsNoReplyAndIsDone() throws {
        let connection = try RawConnection(daemon)
        let before = try daemon.call(JobsInterface.List.self, .init()).jobs.first?.id ?? 0
        try connection.send(
            #"{"method": "io.sqzd.Jobs.Submit", "parameters": {"kind": "countdown"}, "oneway": true}"#)
        try connection.send(Self.show.dropLast() + #", "oneway": true}"#)
        try connection.send(#"{"method": "io.sqzd.Jobs.Nothing", "oneway": true}"#)
        try connection.send(#"{"method": "io.sqzd.Jobs.Watch", "parameters": {"id": 1}, "oneway": true}"#)
        try connection.send(Self.show(1_000))
        #expect(try connection.receive()?.parameters == ["id": .integer(1_000)])
        #expect(try daemon.end(of: before + 1).state == .succeeded)
    }
}
