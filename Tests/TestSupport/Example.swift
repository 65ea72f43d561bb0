import Foundation
public import Varlink

/// A file of `protocol/examples`: a call as it goes over the wire, and its replies.
public struct Example: Codable, Sendable {
    public struct Call: Codable, Sendable {
        public var method: String
        public var parameters: [String: JSONValue]?
        public var more: Bool?
        public var oneway: Bool?
        public var upgrade: Bool?
    }

    public struct Reply: Codable, Equatable, Sendable {
        public var error: String?
        public var parameters: [String: JSONValue]?
        public var continues: Bool?

        public init(error: String? = nil, parameters: [String: JSONValue]? = nil, continues: Bool? = nil) {
            self.error = error
            self.parameters = parameters
            self.continues = continues
        }
    }

    public var call: Call
    public var replies: [Reply]
    /// What comes on an upgraded connection, after the bytes that the call is for.
    public var upgraded: [Reply]?
    /// A daemon that holds nothing yet answers exactly so.
    public var emptyDaemon: Bool?

    /// The folder `protocol` of this checkout.
    public static let folder = Oracle.tests.deletingLastPathComponent().appendingPathComponent("protocol").path

    /// All examples, by their files' names without the extension: a method or an error.
    public static func all() throws -> [(name: String, example: Example)] {
        try FileManager.default.contentsOfDirectory(atPath: folder + "/examples").sorted().map { file in
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/examples/\(file)"))
            return (
                String(file.dropLast(".json".count)),
                try JSON.decode(Example.self, from: [UInt8](bytes), unknownKeys: .refuse)
            )
        }
    }
}
