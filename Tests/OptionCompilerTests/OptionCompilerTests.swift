import Foundation
import OptionCompiler
import SqzProtocol
import SqzRunner
import Testing

@Suite struct OptionCompilerTests {
    /// The package's folder.
    private static let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let files = OptionCompiler.files(for: JobKinds.all)

    @Test(arguments: files.keys.sorted()) func whatIsCommittedIsFresh(path: String) throws {
        let committed = try String(contentsOf: Self.package.appending(path: path), encoding: .utf8)
        #expect(committed == Self.files[path], "run make generate")
    }

    @Test func nothingElseIsCommitted() throws {
        let folder = "clients/sqzctl/Generated"
        let committed = try FileManager.default.contentsOfDirectory(
            atPath: Self.package.appending(path: folder).path)
        #expect(Set(committed.map { "\(folder)/\($0)" }).isSubset(of: Self.files.keys))
    }

    /// Of a kind that has what the built-in ones have not.
    @Test func everyTypeOfOptionIsWritten() throws {
        let kind = JobKind(
            name: "paint", help: "Paints.", dataset: false, model: .none,
            options: [
                JobOption(name: "dry-run", type: .flag, help: "Says \"no\".", default: "false"),
                JobOption(name: "size", type: .number, help: "How large.", maximum: 2.5),
            ])
        let files = OptionCompiler.files(for: [kind])
        let swift = try #require(files["clients/sqzctl/Generated/PaintOptions.swift"])
        for line in [
            #"@Flag(inversion: .prefixedNo, help: "Says \"no\". (flag; default: false)")"#, "var dryRun: Bool?",
            #"@Option(parsing: .unconditional, help: "How large. (to 2.5)")"#, "var size: Double?",
            #"options["dry-run"] = dryRun.map(JSONValue.bool)"#,
        ] {
            #expect(swift.contains(line), "\(swift)")
        }
        let python = try #require(files["clients/python/sqzd/kinds.py"])
        for line in [
            "def paint(", "self,\n        /,\n        *,\n", "dry_run: Optional[bool] = None,",
            "size: How large. (to 2.5)",
        ] {
            #expect(python.contains(line), "\(python)")
        }
    }
}
