import Foundation
import TestSupport
import Testing
import VarlinkCompiler

@Suite struct GeneratedFilesTests {
    private static let root = Oracle.tests.deletingLastPathComponent().path

    @Test func whatIsCommittedIsWhatTheInterfacesMake() throws {
        let files = try GeneratedFiles.make(root: Self.root)
        for (path, text) in files {
            let committed = try Data(contentsOf: URL(fileURLWithPath: "\(Self.root)/\(path)"))
            #expect(committed == Data(text.utf8), "\(path) is not what the interfaces make: make generate")
        }
        let swift = files.keys.filter { $0.hasPrefix(GeneratedFiles.swiftFolder) }.map {
            ($0 as NSString).lastPathComponent
        }
        let folder = "\(Self.root)/\(GeneratedFiles.swiftFolder)"
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == swift.sorted())
    }

    private static func make(_ texts: String...) throws -> [String: String] {
        try GeneratedFiles.make(
            interfaces: Dictionary(uniqueKeysWithValues: texts.enumerated().map { ("\($0).varlink", $1) }))
    }

    @Test func aSharedTypeIsOneWithTheCommentThatThereIs() throws {
        let files = try Self.make(
            "interface a.Plain\ntype Size (bytes: int)", "interface b.Said\n# How much.\ntype Size (bytes: int)")
        let shared = try #require(files["\(GeneratedFiles.swiftFolder)/SharedTypes.swift"])
        #expect(shared.contains("/// How much.\npublic struct Size: Codable, Equatable, Sendable {\n"))
        #expect(files.values.filter { $0.contains("struct Size") }.count == 1)
    }

    @Test func whatCanBeAbsentNeedNotBeGiven() throws {
        let files = try Self.make("interface a.B\nmethod Do(in: ?[]int, by: object) -> ()\nerror No(left: ?int)")
        let interface = try #require(files["\(GeneratedFiles.swiftFolder)/BInterface.swift"])
        #expect(interface.contains("public init(`in`: [Int]? = nil, by: [String: JSONValue]) {\n"))
        #expect(interface.contains("public typealias Reply = NoParameters\n"))
        let errors = try #require(files["\(GeneratedFiles.swiftFolder)/SqzError.swift"])
        #expect(errors.contains("    case no(left: Int? = nil)\n"))
    }

    @Test(arguments: [
        (
            ["interface a.A\ntype T (n: int)", "interface b.B\ntype T (n: ?int)"], "b.B and a.A declare T differently"
        ),
        (
            ["interface a.A\n# One.\ntype T (n: int)", "interface b.B\n# Other.\ntype T (n: int)"],
            "b.B and a.A say different things of T"
        ),
        (
            ["interface a.A\nerror E (n: int)", "interface b.B\nerror E (m: int)"], "b.B and a.A declare E differently"
        ),
        (["interface a.A\ntype T ()"], "T has no fields"),
        (["interface a.A\ntype T (n: (a: int))"], "T.n: declare its type by a name of its own"),
        (
            ["interface a.A\nmethod M(n: []?(a, b)) -> ()"],
            "a.A.M.n: declare its type by a name of its own"
        ),
        (
            ["interface a.A\n\ntype t ()"],
            "0.varlink, line 3: expected a name that begins with a capital letter, found t"
        ),
    ]) func whatHasNoSwiftIsRefused(_ texts: [String], reason: String) {
        let error = #expect(throws: CompilerError.self) {
            try GeneratedFiles.make(
                interfaces: Dictionary(uniqueKeysWithValues: texts.enumerated().map { ("\($0).varlink", $1) }))
        }
        #expect(error?.description == reason)
    }
}
