import SqzProtocol
import TestSupport
import Testing
import Varlink

/// An import takes all processors, and gives way to people.
struct ImportPriorityTests {
    private static let importer = TestDaemon.Runner.python(
        "importer", describe: "offer('x', imports=True)",
        others: [
            "Import": """
            with open(call['parameters']['output'], 'w') as file:
                file.write('data')
            send({'imported': {'format': f'nice {os.nice(0)}', 'train': 1, 'test': 0, 'classes': ['a'], 'height': 1, 'width': 1}})
            """
        ])

    @Test func anImportIsNice() throws {
        let daemon = try TestDaemon(runners: [Self.importer])
        let path = try daemon.scratch.write("data/file", [1])
        let dataset = try daemon.call(DatasetsInterface.Import.self, .init(name: "x", path: path)).dataset
        #expect(dataset?.format == "nice 10")
        try daemon.stop()
    }
}
