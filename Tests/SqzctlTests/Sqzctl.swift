import Foundation
import TestSupport
import Testing
import Varlink

/// The program `sqzctl`, run as a user runs it.
enum Sqzctl {
    static let path = "\(TestDaemon.programs)/sqzctl"

    /// Runs it to its end. It finds the daemon by `$SQZD_SOCKET`.
    static func run(_ daemon: TestDaemon, _ words: String..., input: [UInt8] = []) throws -> Transcript {
        try run(socket: daemon.socket, words, input: input)
    }

    static func run(
        socket: String, _ words: [String], input: [UInt8] = [], launcher: [String] = []
    ) throws -> Transcript {
        try Transcript.run(
            // What hangs is a failed test, not one that never ends.
            ["timeout", "--kill-after=5", "60"] + launcher + [path] + words, environment: ["SQZD_SOCKET": socket],
            input: input)
    }
}

extension Sqzctl {
    /// Starts it and waits until it has printed `text`; gives it and the end of its output, which the caller closes.
    static func start(
        _ daemon: TestDaemon, _ words: [String], until text: String, errors: String = "/dev/null"
    ) throws -> (ChildProcess, CInt) {
        let (reading, writing) = try ChildProcess.pipe()
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        let errors = open(errors, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let child = try ChildProcess(
            [path] + words, environment: ["SQZD_SOCKET": daemon.socket], input: null, output: writing, errors: errors)
        for descriptor in [null, errors, writing] { close(descriptor) }
        var printed = ""
        while !printed.contains(text) {
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = read(reading, &bytes, bytes.count)
            try #require(count > 0, "\(printed)")
            printed += String(decoding: bytes.prefix(count), as: UTF8.self)
        }
        return (child, reading)
    }
}

extension Transcript {
    var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// The objects that were printed, one a line.
    func objects() throws -> [[String: JSONValue]] {
        try lines.map { try JSON.decode([String: JSONValue].self, from: Array($0.utf8)) }
    }

    /// What the one line says, read as a method's reply.
    func reply<Reply: Decodable>(_ type: Reply.Type) throws -> Reply {
        try #require(lines.count == 1, "\(output)\(errors)")
        return try JSON.decode(type, from: Array(lines[0].utf8), unknownKeys: .refuse)
    }

    /// Expects this end, and these words in what it says of it.
    func expect(_ status: Int32, _ words: String..., at location: SourceLocation = #_sourceLocation) {
        #expect(ending == .exited(status), "\(output)\(errors)", sourceLocation: location)
        for word in words { #expect(errors.contains(word), "\(errors)", sourceLocation: location) }
        if status != 0 { #expect(!errors.isEmpty, sourceLocation: location) }
    }
}
