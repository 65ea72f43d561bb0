import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// A runner that found more classes than a table has columns.
private let many = """
    classes = [{'name': 'class %d' % n, 'pictures': 10, 'correct': 9, 'predicted': 10} for n in range(40)]
    cells = [{'label': n, 'predicted': m, 'pictures': 9 if n == m else 1}
             for n in range(40) for m in sorted({n, (n + 1) % 40})]
    cells[3]['pictures'] = 5
    send({'result': {'byClass': classes, 'measurement': {
        'split': 'test', 'calibration': [], 'confusion': cells, 'mistakes': [], 'examples': []}}})
    """

/// What `evaluate` and `show` have of what a model made of pictures.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon(runners: [.squeezenet, .python("many", describe: "offer('many')", run: many)])
        try daemon.importColours()
        // Red pictures among the green ones, which no model can be right about.
        let records = Colours.records(40, seed: 3).map {
            $0[0] == 1 ? [1] + Colours.records(1, seed: 4)[0].dropFirst() : $0
        }
        try daemon.scratch.write("data/mixed/data_batch_1.bin", Colours.records(200, seed: 1).flatMap { $0 })
        try daemon.scratch.write("data/mixed/test_batch.bin", records.flatMap { $0 })
        let names = ["red/../dead", "green <&>"] + Colours.classes.dropFirst(2)
        try daemon.scratch.write("data/mixed/batches.meta.txt", Array((names.joined(separator: "\n") + "\n").utf8))
        _ = try daemon.call(
            DatasetsInterface.Import.self, .init(name: "mixed", path: daemon.scratch["data/mixed"]))
        #expect(try daemon.train("mixed", as: "mixed", options: ["epochs": .integer(4)]).state == .succeeded)
        return daemon
    }) struct MeasurementTests
{
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    @Test func whatIsFoundIsShown() throws {
        let followed = try Sqzctl.run(daemon, "evaluate", "--data", "mixed", "--model", "mixed", "--follow")
        followed.expect(0)
        #expect(followed.output.contains(", top-5 ") && followed.output.contains(", calibration error "))
        #expect(followed.lines.contains { $0.hasPrefix("CLASS ") && $0.hasSuffix("PRECISION") })
        let shown = try Sqzctl.run(daemon, "show", followed.lines[0])
        let id = try #require(Int(followed.lines[0]))
        let found = try #require(daemon.job(id).outcome?.measurement)
        #expect(found.mistakes.count >= 3 && found.split == .test)
        let matrix = shown.lines.drop { !$0.hasPrefix("a row is a class") }.dropFirst()
        let green = try #require(matrix.first { $0.hasPrefix("green <&>") })
        let cells = Array(repeating: 0, count: 10).enumerated().map { index, _ in
            found.confusion.first { $0.label == 1 && $0.predicted == index }?.pictures ?? 0
        }
        let told = green.dropFirst("green <&>".count).split(separator: " ").map { $0 == "." ? 0 : Int($0) }
        #expect(told == cells && cells[1] < 4)
        let mistakes = shown.lines.drop { $0 != "the worst mistakes:" }.dropFirst(2)
        #expect(
            mistakes.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
                == found.mistakes.prefix(10).map(\.picture))
    }

    @Test func ofManyClassesTheMostFrequentAreShown() throws {
        let id = try daemon.submit(.init(kind: "many"))
        try daemon.end(of: id)
        let lines = try Sqzctl.run(daemon, "show", "\(id)").lines
        let rows = Array(lines.drop { $0 != "most often taken for another:" }.dropFirst(2))
        #expect(rows.count == 10 && rows[0].hasPrefix("class 1") && rows[0].hasSuffix("5"), "\(rows)")
    }

    @Test func picturesOfMistakesAreWritten() throws {
        let directory = scratch["wrong"]
        let written = try Sqzctl.run(
            daemon, "evaluate", "--data", "mixed", "--model", "mixed", "--mistakes", "40", "--mistakes-to", directory)
        written.expect(0)
        let job = try daemon.job(#require(Int(written.lines[0])))
        let found = try #require(job.outcome?.measurement)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        #expect(written.lines.last == "\(directory): \(names.count) pictures")
        #expect(names.count == found.mistakes.count && (4...40).contains(names.count))
        for (index, (name, mistake)) in zip(names, found.mistakes).enumerated() {
            #expect(
                Int(name.prefix { $0 != "-" }) == index + 1 && name.contains("-\(mistake.picture)-")
                    && name.hasSuffix(".png"), "\(name)")
            let picture = try daemon.call(
                DatasetsInterface.Picture.self, .init(dataset: "mixed", split: .test, picture: mistake.picture))
            #expect(try Data(scratch.read("wrong/\(name)")).base64EncodedString() == picture.data)
        }
        // What others call their classes leads nowhere.
        #expect(names.allSatisfy { !$0.contains("..") } && names.contains { $0.contains("-green____-as-") })

        try Sqzctl.run(daemon, "show", "\(job.id)", "--mistakes-to", directory)
            .expect(65, directory, "is not empty; right would be a new directory")
        let again = try Sqzctl.run(daemon, "show", "\(job.id)", "--mistakes-to", scratch["again"], "--json")
        _ = try again.reply(JobsInterface.Show.Reply.self)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch["again"]).sorted() == names)
        try Sqzctl.run(daemon, "evaluate", "--mistakes-to", scratch["no/wrong"]).expect(74, "no/wrong")
        let nothing = try daemon.submit(.init(kind: "many"))
        try daemon.end(of: nothing)
        try Sqzctl.run(daemon, "show", "\(nothing)", "--mistakes-to", scratch["none"]).expect(
            64, "has measured no data set's pictures")
        #expect(try Sqzctl.run(daemon, "jobs", "--limit", "1000").lines.count > 3)
    }
}
