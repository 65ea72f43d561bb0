import Foundation

/// Checksums by sha256sum(1), which we did not write.
public enum Checksum {
    /// In hexadecimal.
    public static func sha256(_ bytes: [UInt8]) throws -> String {
        String(try Transcript.run(["sha256sum"], input: bytes).output.prefix(64))
    }

    public static func sha256(ofFile path: String) throws -> String {
        try sha256([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    }
}
