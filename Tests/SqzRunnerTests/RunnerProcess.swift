import Foundation
import SqzProtocol
import TestSupport
import Varlink

/// A running `sqz-runner-squeezenet`, and the other ends of its standard input and output.
final class RunnerProcess {
    enum Interruption {
        case stop
        case finish
        case kill
    }

    let client: Client
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(environment: [String: String] = [:]) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent()
            .appendingPathComponent("sqz-runner-squeezenet")
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        client = Client(
            over: FramedFile(
                input: output.fileHandleForReading.fileDescriptor, output: input.fileHandleForWriting.fileDescriptor))
    }

    func interrupt(_ interruption: Interruption) throws {
        switch interruption {
        case .stop: try client.send(RunnerInterface.Stop.self, .init(), mode: .oneway)
        case .finish: try client.send(RunnerInterface.Finish.self, NoParameters(), mode: .oneway)
        case .kill: kill(process.processIdentifier, SIGKILL)
        }
    }

    /// Closes its input, and tells the status with which it ended.
    @discardableResult
    func end() -> Int32 {
        input.fileHandleForWriting.closeFile()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
