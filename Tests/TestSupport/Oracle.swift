public import Foundation

/// Programs that we did not write and that know what is right.
public enum Oracle {
    public struct Failure: Error {
        public let program: String
        public let status: Int32
    }

    /// The interpreter of a Python environment with safetensors, numpy, onnx, onnxruntime and Pillow, named by SQZ_PYTHON.
    public static let python = ProcessInfo.processInfo.environment["SQZ_PYTHON"]

    /// The folder `Tests` of this checkout.
    public static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of data that is no part of the project: SQZ_SHARED, else `../shared` from the checkout; nil if absent.
    public static let shared: String? = {
        let path =
            ProcessInfo.processInfo.environment["SQZ_SHARED"]
            ?? tests.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared").path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    /// The path of a committed fixture.
    public static func fixture(_ name: String) -> String {
        tests.appendingPathComponent("Fixtures/\(name)").path
    }

    /// Runs a program to its end and returns what it printed.
    @discardableResult
    public static func run(_ program: String, _ arguments: [String]) throws -> [UInt8] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(program: program, status: process.terminationStatus) }
        return [UInt8](bytes)
    }
}
