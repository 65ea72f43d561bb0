import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Models for other programs, through the daemon.
@Suite(.serialized, .daemon(trained: "tints")) struct ModelExportTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    private func export(_ words: String...) throws -> Transcript {
        try Sqzctl.run(socket: daemon.socket, ["model", "export", "tints"] + words)
    }

    private func shell(_ script: String, _ words: [String] = []) throws -> Transcript {
        try Transcript.run(
            ["timeout", "--kill-after=5", "60", "bash", "-c", script, Sqzctl.path, "model", "export", "tints"] + words,
            environment: ["SQZD_SOCKET": daemon.socket])
    }

    @Test(arguments: ["m.onnx", "m.pth", "m.PT"]) func whatGoesOutComesBack(name: String) throws {
        let file = scratch[name]
        let told = try export(file).lines
        #expect(told.first?.hasPrefix("\(file): tints@1, ") == true)
        #expect(try scratch.names() == (name == "m.onnx" ? [name] : [name, "m.py"].sorted()))
        #expect(told.count == (name == "m.onnx" ? 1 : 2))
        #expect(try Sqzctl.run(daemon, "model", "import", file, "--name", "back").lines.count == 1)
        let models = try ["tints@1", "back"].map { try daemon.call(ModelsInterface.Show.self, .init(model: $0)).model }
        #expect(models[0].weightsSha256 == models[1].weightsSha256 && models[0].classes == models[1].classes)
        #expect(models[0].preprocessing == models[1].preprocessing)
        try Sqzctl.run(daemon, "model", "rm", "back").expect(0)
    }

    @Test func whatIsThereIsReplacedByForceOnly() throws {
        let (file, module) = (scratch["m.pth"], scratch["m.py"])
        try export(file).expect(0)
        let text = try scratch.read("m.py")
        try export(file).expect(65, "sqzctl: \(file): exists already; --force replaces it\n")
        try scratch.write("m.py", text + [10])
        try export(file, "--force").expect(0)
        #expect(try scratch.read("m.py") == text)
        try scratch.write("m.py", text + [10])
        try FileManager.default.removeItem(atPath: file)
        try export(file).expect(65, "sqzctl: \(module): exists already; --force replaces it\n")
        #expect(try scratch.names() == ["m.py"])
    }

    @Test(arguments: [[], ["--force"]]) func anotherProgramIsNeverReplaced(force: [String]) throws {
        let (file, module) = (scratch["m.pth"], scratch["m.py"])
        // The mark is no mark where anything may stand.
        let others = ["print('mine')\n", "\n\n\n# exported by sqzd\n", ""]
        for text in others {
            try scratch.write("m.py", Array(text.utf8))
            try Sqzctl.run(socket: daemon.socket, ["model", "export", "tints", file] + force).expect(
                65, "sqzctl: \(module): exists already, and sqzd did not export it, so it is not replaced")
            #expect(try scratch.read("m.py") == Array(text.utf8) && scratch.names() == ["m.py"])
        }
    }

    @Test func stateDictsOfOneNetworkShareItsText() throws {
        try export(scratch["m.pth"]).expect(0)
        let text = try scratch.read("m.py")
        let told = try export(scratch["m.pt"]).lines.last
        #expect(told?.hasSuffix("m.py: load(\"m.pt\") makes the network of it") == true)
        #expect(try scratch.names() == ["m.pt", "m.pth", "m.py"] && scratch.read("m.py") == text)
        // That of another network would no longer go with the other file.
        try scratch.write("m.py", text + [10])
        try export(scratch["m.pt"], "--force").expect(
            65, "sqzctl: \(scratch["m.py"]): makes the network of \(scratch["m.pth"]), which is another one")
        #expect(try scratch.read("m.py") == text + [10])
    }

    @Test(arguments: ["m.onnx", "m.pth", "m.safetensors"]) func jsonTellsWhatWasWritten(name: String) throws {
        struct Report: Decodable, Equatable {
            var file: String
            var bytes: Int
            var sha256: String
            var format: String
            var model: String
            var version: Int
            var module: String?
        }
        let file = scratch[name]
        let transcript = try export(file, "--json")
        transcript.expect(0)
        let bytes = try scratch.read(name)
        let sha256 = try String(
            decoding: Oracle.run("sha256sum", [file]).prefix(64), as: UTF8.self)
        let format = ["m.onnx": "onnx", "m.pth": "pytorch"][name] ?? "safetensors"
        #expect(
            try JSON.decode(Report.self, from: Array(transcript.output.utf8))
                == Report(
                    file: file, bytes: bytes.count, sha256: sha256, format: format, model: "tints", version: 1,
                    module: name == "m.pth" ? scratch["m.py"] : nil))
    }

    @Test func aFormatIsChosenByItsWordOrTheEnding() throws {
        for (ending, name) in [(".h5", "m.h5"), (".bin", "m.bin"), (".keras", "m.onnx.keras")] {
            let file = scratch[name]
            try export(file).expect(
                64,
                "\(file): \(ending) is no format that is written; right would be .safetensors, .onnx, .pth, .pt, .net, or --format"
            )
        }
        try export(scratch["m"], "--format", "h5").expect(64, "h5")
        try export(scratch["m.safetensors"], "--float-input").expect(
            64, "--float-input is for ONNX; the format is safetensors")
        try export(scratch["m.pth"], "--float-input").expect(64, "--float-input is for ONNX; the format is pytorch")
        #expect(try scratch.names() == [])
        try export(scratch["m.bin"], "--format", "pytorch").expect(0)
        try export(scratch["plain"]).expect(0)
        #expect(try scratch.names() == ["m.bin", "m.bin.py", "plain"])
        #expect(try scratch.read("m.bin").starts(with: Array("PK".utf8)))
        try export(scratch["bytes.onnx"]).expect(0)
        try export(scratch["floats.onnx"], "--float-input").expect(0)
        #expect(try scratch.read("floats.onnx").count < scratch.read("bytes.onnx").count)
        let error = try #require(
            #expect(throws: VarlinkError.self) {
                try daemon.stream(ModelsInterface.Export.self, .init(model: "tints", format: "h5"))
            })
        #expect(
            SqzError(error)
                == .invalidOption(
                    option: "format",
                    reason: "must be onnx, pytorch or deep-compression; safetensors is what Read gives"))
    }

    @Test func standardOutputIsTheFileAlone() throws {
        for (format, file) in [("onnx", "m.onnx"), ("pytorch", "m.pth"), ("safetensors", "m.safetensors")] {
            try export(scratch[file]).expect(0)
            let piped = scratch["piped"]
            let transcript = try shell(#"f="$4"; "$0" "$1" "$2" "$3" - --format "$5" > "$f""#, [piped, format])
            #expect(transcript.ending == .exited(0) && transcript.errors.isEmpty, "\(transcript.errors)")
            #expect(try scratch.read("piped") == scratch.read(file))
            try shell(#""$0" "$1" "$2" "$3" - --format "$4" > /dev/full"#, [format])
                .expect(74, "sqzctl: standard output: No space left on device\n")
            // A reader that has enough is no error.
            try shell(#"set -o pipefail; "$0" "$1" "$2" "$3" - --format "$4" | head -c 10 > /dev/null"#, [format])
                .expect(0)
        }
        let refused = try shell(#"script -qec "'$0' model export tints - --format onnx" /dev/null"#)
        #expect(refused.ending == .exited(64), "\(refused.output)")
        #expect(refused.output.contains("standard output is a terminal"), "\(refused.output)")
        #expect(try scratch.names().contains { $0.hasPrefix("piped.") } == false)
    }

    @Test(arguments: ["m.onnx", "m.pth"]) func aFullDiskLeavesNothing(name: String) throws {
        let transcript = try shell(#"trap '' XFSZ; ulimit -f 100; "$0" "$@""#, [scratch[name]])
        transcript.expect(74, "sqzctl: \(scratch[name]): File too large")
        #expect(try scratch.names() == [])
    }
}
