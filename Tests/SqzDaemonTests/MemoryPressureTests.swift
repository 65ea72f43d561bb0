import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `$MEMORY_PRESSURE_WATCH`: what systemd tells through it, a test can tell.
@Suite struct MemoryPressureTests {
    private typealias Classify = InferenceInterface.Classify

    /// Classifies with a model that is loaded for as long as a test wants, and says when it has a picture.
    private static let runner = TestDaemon.Runner.python(
        "warm", describe: "offer('make', classifies=True)", run: makeModel,
        others: [
            "Load": "send({})",
            "Classify": """
            log('classifying')
            if call['parameters']['images'] == ['slow']: time.sleep(1000)
            send({'results': [{'classes': []}]})
            """,
        ])

    private static func daemon(_ environment: (ScratchDirectory) throws -> [String: String]) throws -> (
        TestDaemon, ScratchDirectory
    ) {
        let scratch = try ScratchDirectory()
        let daemon = try TestDaemon(runners: [runner], environment: environment(scratch))
        for name in ["a", "b"] {
            #expect(try daemon.end(of: daemon.submit(.init(kind: "make", model: name))).state == .succeeded)
        }
        return (daemon, scratch)
    }

    /// Says that memory is scarce.
    private static func press(_ file: CInt, _ daemon: TestDaemon, unloading count: Int) throws {
        let reports = daemon.reports.count
        #expect(write(file, "!", 1) == 1)
        try daemon.wait(for: "memory is scarce: \(count) idle models were unloaded", after: reports)
    }

    @Test func idleModelsAreUnloadedFirst() async throws {
        try await onThread {
            let (daemon, scratch) = try Self.daemon {
                guard mkfifo($0["pressure"], 0o600) == 0 else { throw SystemError(call: "mkfifo") }
                return ["MEMORY_PRESSURE_WATCH": $0["pressure"]]
            }
            let pid = try #require(daemon.pid)
            try daemon.call(Classify.self, .init(images: ["quick"], model: "a"))
            let idle = try ProcessTable.children(of: pid)
            #expect(idle.count == 1)
            let handle = try ProcessHandle(idle[0])
            let client = try daemon.client()
            let count = daemon.reports.count
            try client.send(Classify.self, .init(images: ["slow"], model: "b"))
            try daemon.wait(for: "classifying", after: count)

            let file = open(scratch["pressure"], O_WRONLY)
            defer { close(file) }
            try Self.press(file, daemon, unloading: 1)
            #expect(handle.waitForEnd())
            // The one that is being asked stays.
            try Self.press(file, daemon, unloading: 0)
            #expect(try ProcessTable.children(of: pid).count == 1)
            // And the other is loaded again for whoever wants it.
            try daemon.call(Classify.self, .init(images: ["quick"], model: "a"))
            #expect(try ProcessTable.children(of: pid).count == 2)
            try daemon.stop()
        }
    }

    @Test func aSocketIsToldWhatItIsToWatch() async throws {
        try await onThread {
            let server = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            defer { close(server) }
            let (daemon, _) = try Self.daemon {
                guard withSocketAddress($0["pressure"], { bind(server, $0, $1) }) == 0, listen(server, 1) == 0 else {
                    throw SystemError(call: "bind")
                }
                return [
                    "MEMORY_PRESSURE_WATCH": $0["pressure"],
                    "MEMORY_PRESSURE_WRITE": Data("some 1 2".utf8).base64EncodedString(),
                ]
            }
            let connection = accept(server, nil, nil)
            defer { close(connection) }
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = read(connection, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "some 1 2")
            try daemon.call(Classify.self, .init(images: ["quick"], model: "a"))
            try Self.press(connection, daemon, unloading: 1)
            try daemon.stop()
        }
    }

    @Test func whatCannotBeWatchedDoesNotKeepItFromStarting() throws {
        let daemon = try TestDaemon(runners: [], environment: ["MEMORY_PRESSURE_WATCH": "/nowhere/at/all"])
        try daemon.wait(for: "memory pressure is not watched: stat /nowhere/at/all: No such file or directory")
        try daemon.stop()
        let off = try TestDaemon(runners: [], environment: ["MEMORY_PRESSURE_WATCH": "/dev/null"])
        try off.stop()
    }
}

/// Makes a model's file that no other job makes.
let makeModel = """
    directory = call['parameters']['directory']
    with open(directory + '/model', 'w') as file: file.write(directory)
    send({'result': {'model': {
        'file': 'model', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
        'multiplyAdds': 0, 'preprocessing': '', 'layers': []}}})
    """
