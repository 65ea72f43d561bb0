import SqzProtocol
import TestSupport
import Testing

/// What runners say does nothing to a terminal, and makes no lines.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon(runners: [
            .python(
                "rude",
                describe: """
                    kind = {'name': 'rude', 'help': 'a\\x1b[2J\\nforged', 'dataset': False, 'model': 'none', 'options': []}
                    offer('rude', kinds=[kind], properties={'b': 'a\\x1b[2J\\nforged'})
                    """,
                run: """
                    log('a\\x1b[2Jb')
                    failure = {"error": "io.sqzd.Runner.Failed", "parameters": {"reason": "a\\x1b[2J\\nforged"}}
                    sys.stdout.write(json.dumps(failure) + "\\0")
                    sys.stdout.flush()
                    """)
        ])
        try daemon.end(of: daemon.submit(.init(kind: "rude")))
        return daemon
    }) struct PrintableTests
{
    @Test(arguments: [
        (["runners"], #"a\u{1b}[2J\nforged"#), (["jobs"], #"a\u{1b}[2J\nforged"#),
        (["show", "1"], #"a\u{1b}[2J\nforged"#),
        (["watch", "1"], #"a\u{1b}[2J\nforged"#), (["logs", "1"], #"a\u{1b}[2Jb"#),
    ]) func isShownByItsCode(words: [String], text: String) throws {
        let daemon = try #require(TestDaemon.current)
        let output = try Sqzctl.run(socket: daemon.socket, words).output
        #expect(output.contains(text), "\(output)")
        #expect(!output.contains("\u{1B}") && !output.contains("\nforged"))
    }
}
