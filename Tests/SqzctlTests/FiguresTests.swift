import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Numbers of any size, whoever they come from, and texts of any width.
@Suite(
    .serialized,
    .daemon {
        try TestDaemon(runners: [
            .countdown, .squeezenet,
            .python(
                "wild",
                run: """
                    def tell(epoch, loss, **figures):
                        send({'progress': {'epoch': epoch, 'epochs': 8, 'step': 1, 'steps': 1, 'loss': loss, **figures},
                              'epochEnded': True}, continues=True)
                    losses = [1.7699573203892586e+24, 2.302585092994046, 0.00001234567, 1234.4, 12345.0, 0.5, 0.0]
                    for epoch, loss in enumerate(losses):
                        tell(epoch + 1, loss)
                    tell(8, 1.5, accuracy=1, imagesPerSecond=1e300, secondsLeft=-1e300)
                    os.read(0, 65536)
                    send({'stopped': True})
                    """),
        ])
    }) struct FiguresTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test func lossesHaveFourDigits() throws {
        let id = try daemon.submit(.init(kind: "scripted"))
        var epochs = 0
        try daemon.watch(id) {
            if $0.kind == .epoch { epochs += 1 }
            return epochs < 8 ? .more : .stop
        }
        let shown = try Sqzctl.run(daemon, "show", "\(id)")
        shown.expect(0)
        #expect(
            shown.output.contains("loss 1.500  accuracy 100.0 %  1.000e+300 images/s  0 s left\n"),
            "\(shown.output)")
        try Sqzctl.run(daemon, "jobs").expect(0)
        try daemon.cancel(id)
        try daemon.end(of: id)
        let losses = try Sqzctl.run(daemon, "watch", "\(id)").lines.filter { $0.contains("epoch") }.map {
            String($0.drop { $0 != "l" }.prefix { $0 != "%" })
        }
        #expect(
            losses.prefix(7)
                == [
                    "loss 1.770e+24", "loss 2.303", "loss 1.235e-05", "loss 1234", "loss 1.234e+04", "loss 0.5000",
                    "loss 0.000",
                ])
        // As they came.
        #expect(try Sqzctl.run(daemon, "watch", "\(id)", "--json").output.contains("1.7699573203892586e+24"))
    }

    @Test func noLineEndsInBlanks() throws {
        let id = try daemon.countDown()
        try daemon.end(of: id)
        let watched = try Sqzctl.run(daemon, "watch", "\(id)").lines
        #expect(watched.contains("job \(id)  epoch 1/1"), "\(watched)")
        for words in [["watch", "\(id)"], ["show", "\(id)"], ["jobs"], ["runners"], ["info"]] {
            for line in try Sqzctl.run(socket: daemon.socket, words).lines {
                #expect(line.last != " ", "\(words): \(line)")
            }
        }
    }

    @Test func usersAreCalledByTheirNames() throws {
        let user = String(cString: try #require(getpwuid(getuid())).pointee.pw_name)
        let blocker = try daemon.block()
        let id = try daemon.countDown()
        try daemon.cancel(id)
        for words in [["jobs"], ["show", "\(id)"], ["watch", "\(id)"]] {
            let output = try Sqzctl.run(socket: daemon.socket, words).output
            #expect(output.contains("cancelled by \(user)\n") && !output.contains("uid"), "\(output)")
        }
        try daemon.cancel(blocker)
    }

    /// Each name, and how many columns it takes.
    private static let names = [
        ("a", 1), ("漢字", 4), ("e\u{301}te\u{301}", 3), ("🦊", 2), (String(repeating: "x", count: 60), 60),
    ]

    @Test func namesOfClassesStandInAColumn() throws {
        let names = Self.names.map(\.0) + (5..<10).map { "class \($0)" }
        let folder = try Colours.write(to: daemon.scratch, "wide")
        let list = try daemon.scratch.write("names", Array(names.joined(separator: "\n").utf8))
        let data = "\(folder)/data_batch_1.bin"
        try Sqzctl.run(daemon, "dataset", "import", data, "--name", "wide", "--classes", list).expect(0)
        #expect(try daemon.train("wide", as: "wide").state == .succeeded)
        let picture = try daemon.scratch.write("picture", Colours.records(1, seed: 3)[0])

        let piped = try Sqzctl.run(daemon, "classify", picture, "--top", "10").lines.dropFirst()
        #expect(piped.count == 10)
        for (name, columns) in Self.names {
            let line = try #require(piped.first { $0.hasPrefix("  \(name)") }, "\(piped)")
            let rest = line.dropFirst(2 + name.count)
            #expect(rest.hasPrefix(String(repeating: " ", count: max(45 - columns, 0) + 2)), "\(line)")
            #expect(!rest.hasPrefix(String(repeating: " ", count: max(45 - columns, 0) + 7)), "\(line)")
        }
        let command = "stty columns 60; exec \(Sqzctl.path) classify \(picture) --top 10"
        let terminal = try Transcript.run(
            ["timeout", "--kill-after=5", "60", "script", "--quiet", "--return", "--command", command, "/dev/null"],
            environment: ["SQZD_SOCKET": daemon.socket])
        #expect(terminal.output.contains("\n  " + String(repeating: "x", count: 24) + "…  "), "\(terminal.output)")
        #expect(terminal.output.contains("\n  漢字" + String(repeating: " ", count: 21 + 2)), "\(terminal.output)")
        let tables = try Sqzctl.run(daemon, "dataset", "show", "wide").lines
        #expect(
            tables.contains { $0.hasSuffix("  漢字" + String(repeating: " ", count: 56) + "     20     0") }, "\(tables)")
    }
}
