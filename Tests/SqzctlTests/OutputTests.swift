import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What can't be written is an error; a reader that has enough is none.
@Suite(.serialized, .daemon(trained: "tints")) struct OutputTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    private func shell(_ script: String, _ words: [String] = []) throws -> Transcript {
        try Transcript.run(
            ["timeout", "--kill-after=5", "60", "bash", "-c", script, Sqzctl.path] + words,
            environment: ["SQZD_SOCKET": daemon.socket])
    }

    @Test func aFullDiskAndAClosedDescriptorAre74() throws {
        let predicted = try daemon.submit(.init(kind: "predict", dataset: "colours", model: "tints"))
        #expect(try daemon.end(of: predicted).state == .succeeded)
        let held = try daemon.submit(.init(kind: "train", dataset: "colours", hold: true))
        for words in [
            ["jobs"], ["jobs", "--json"], ["show", "1"], ["watch", "1"], ["wait", "1"], ["logs", "1"],
            ["predictions", "\(predicted)"], ["predictions", "\(predicted)", "--json"], ["models"], ["datasets"],
            ["model", "show", "tints"], ["runners"], ["info"], ["metrics"], ["top"], ["top", "--json"],
            ["prioritize", "\(held)", "--priority=1"], ["--help"], ["train", "--help"], ["--version"],
            ["--generate-completion-script", "bash"],
        ] {
            for (target, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
                let transcript = try shell("\"$0\" \"$@\" \(target)", words)
                #expect(transcript.ending == .exited(74), "\(words) \(target)")
                #expect(transcript.errors == "sqzctl: standard output: \(reason)\n", "\(words) \(target)")
            }
        }
        try daemon.cancel(held)
    }

    @Test(arguments: ["--help", "--version"]) func theDaemonsHelpToo(option: String) throws {
        for (target, reason) in [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")] {
            let transcript = try shell("\"$1\" \(option) \(target)", ["\(TestDaemon.programs)/sqzd"])
            #expect(transcript.ending == .exited(74), "\(option) \(target)")
            #expect(transcript.errors == "sqzd: standard output: \(reason)\n", "\(option) \(target)")
        }
    }

    @Test func closedDescriptorsThatAreNotUsedAreNone() throws {
        let transcript = try shell("\"$0\" jobs <&- 2>&-")
        transcript.expect(0)
        #expect(transcript.output == (try Sqzctl.run(daemon, "jobs").output))
        // What is told of an error goes nowhere else.
        let missing = try shell("\"$0\" show 999 2>&-")
        #expect(missing.ending == .exited(66) && missing.output.isEmpty)
        try shell("\"$0\" classify - <&-").expect(66, "-: Bad file descriptor")
    }

    @Test func aReaderThatHasEnoughIsNoError() throws {
        for words in [["--help"], ["metrics"], ["model", "show", "tints"]] {
            let transcript = try shell("set -o pipefail; \"$0\" \"$@\" | :", words)
            #expect(transcript.ending == .exited(0) && transcript.errors.isEmpty, "\(words) \(transcript.errors)")
        }
    }

    @Test func aModelIsWrittenToDevicesAndPipesToo() throws {
        let size = try daemon.call(ModelsInterface.Show.self, .init(model: "tints")).model.size
        func export(_ file: String) throws -> Transcript { try Sqzctl.run(daemon, "model", "export", "tints", file) }
        try export("/dev/full").expect(74, "sqzctl: /dev/full: No space left on device\n")
        let null = try export("/dev/null")
        #expect(null.ending == .exited(0) && null.output.isEmpty && null.errors.isEmpty)
        let fifo = scratch["fifo"]
        #expect(mkfifo(fifo, 0o600) == 0)
        try export(fifo).expect(65, "sqzctl: \(fifo): nobody reads from it\n")
        for script in [
            #""$0" model export tints /dev/stdout | wc -c"#,
            #"exec 3<> "$1"; wc -c < "$1" 3<&- & "$0" model export tints "$1" 3<&-; s=$?; exec 3<&-; wait; exit $s"#,
        ] {
            let transcript = try shell(script, [fifo])
            transcript.expect(0)
            #expect(transcript.output == "\(size)\n", "\(script)")
        }
        try export(scratch.path).expect(65, "\(scratch.path): is a directory; right would be a new file's name")
        let link = scratch["link"]
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
        try export(link).expect(65, "sqzctl: \(link): is a link to what is not there\n")
        #expect(try scratch.names() == ["fifo", "link"])
    }

    @Test func aFileThatCannotBeWrittenIs74AndLeavesNothing() throws {
        let file = scratch["m.safetensors"]
        let transcript = try shell("trap '' XFSZ; ulimit -f 100; \"$0\" \"$@\"", ["model", "export", "tints", file])
        transcript.expect(74, "sqzctl: \(file): File too large")
        #expect(try scratch.names() == [])
    }
}
