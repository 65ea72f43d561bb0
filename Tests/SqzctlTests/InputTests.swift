import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What is no file is refused by its name: it could be read for ever, or never.
@Suite(.serialized, .daemon(trained: "tints")) struct InputTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
        #expect(mkfifo(scratch["fifo"], 0o600) == 0)
    }

    /// What there is beside files, by what it is called.
    private func others() -> [(path: String, kind: String)] {
        [
            (scratch["fifo"], "a FIFO"), (daemon.socket, "a socket"), ("/dev/zero", "a character device"),
            ("/dev/null", "a character device"),
        ]
    }

    @Test func whatIsNoFileIsRefused() throws {
        let pictures = try Colours.write(to: scratch, train: 20, test: 10)
        for (path, kind) in others() {
            for words in [["dataset", "import", path], ["train", "--data", path]] {
                try Sqzctl.run(socket: daemon.socket, words).expect(
                    66, "sqzctl: \(path): is \(kind); right would be a file, or a directory of files\n")
            }
        }
        for (path, kind) in others() + [(scratch.path, "a directory")] {
            try Sqzctl.run(daemon, "model", "import", path).expect(
                66, "sqzctl: \(path): is \(kind); right would be a regular file\n")
            try Sqzctl.run(daemon, "classify", path).expect(
                66,
                "sqzctl: \(path): is \(kind); right would be a picture's file, or - for standard input, or with -r a folder\n"
            )
            try Sqzctl.run(daemon, "dataset", "import", pictures, "--name", "x", "--classes", path).expect(
                66, "sqzctl: \(path): is \(kind); right would be a text file with the classes' names, one a line\n")
        }
        #expect(try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name) == ["colours"])
    }

    @Test func aFileThatIsTooLargeIsNotReadToItsEnd() throws {
        let large = try scratch.write("large", [])
        #expect(truncate(large, Limits.uploadBytes + 1) == 0)
        for words in [["dataset", "import"], ["model", "import"]] {
            try Sqzctl.run(socket: daemon.socket, words + [large]).expect(
                65, "sqzctl: \(large): has more than 8.6 GB, the most that is taken\n")
        }
    }

    @Test func aFolderMayHoldWhatIsNoneOfTheData() throws {
        let folder = try Colours.write(to: scratch, "mixed", train: 20, test: 10, seed: 4)
        #expect(mkfifo("\(folder)/fifo", 0o600) == 0)
        try Sqzctl.run(daemon, "dataset", "import", folder).expect(0)
        try Sqzctl.run(daemon, "dataset", "rm", "mixed").expect(0)
    }

    @Test func pipesOfProcessesServe() throws {
        let picture = try scratch.write("picture", Colours.records(1, seed: 3)[0])
        let folder = try Colours.write(to: scratch, "named", train: 20, test: 10, seed: 5)
        func shell(_ script: String) throws -> Transcript {
            try Transcript.run(
                [
                    "timeout", "--kill-after=5", "60", "bash", "-c", script, Sqzctl.path, picture, folder,
                    scratch["fifo"],
                ],
                environment: ["SQZD_SOCKET": daemon.socket])
        }
        let lines = try Sqzctl.run(daemon, "classify", picture).lines
        for script in [
            #""$0" classify <(cat "$1")"#, #"cat "$1" | "$0" classify /dev/stdin"#, #""$0" classify /dev/stdin < "$1""#,
            #"cat "$1" > "$3" & "$0" classify - < "$3""#,
        ] {
            let transcript = try shell(script)
            transcript.expect(0)
            #expect(transcript.lines.count == 6 && transcript.lines.dropFirst() == lines.dropFirst(), "\(script)")
        }
        try shell(#""$0" dataset import "$2/data_batch_1.bin" --name piped --classes <(seq 10)"#).expect(0)
        let names = try daemon.call(DatasetsInterface.Show.self, .init(dataset: "piped")).dataset.classes
        #expect(names == (1...10).map(String.init))
        try Sqzctl.run(daemon, "dataset", "rm", "piped").expect(0)
    }

    @Test func whatIsWrongWithNamesIsSaidOfTheirFile() throws {
        let data = try Colours.write(to: scratch, "unnamed", train: 20, test: 10, seed: 6) + "/data_batch_1.bin"
        for (text, reason) in [
            ("", "no class names; one a line would be right"), ("\n\n", "no class names; one a line would be right"),
            ("a\n\nb\n", "the name of class 1 is empty; one a line would be right"),
            ("a\nb\na\n", "classes 0 and 2 have the same name: a"),
        ] {
            let names = try scratch.write("names", Array(text.utf8))
            let transcript = try Sqzctl.run(daemon, "dataset", "import", data, "--name", "x", "--classes", names)
            transcript.expect(65)
            #expect(transcript.errors == "sqzctl: \(names): \(reason)\n")
        }
    }
}
