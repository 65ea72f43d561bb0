import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Every verb, for people and with `--json`, before and after the verb.
@Suite(.serialized, .daemon(trained: "tints")) struct VerbTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// The job that made the model.
    private static let training = "1"

    private func people(_ words: String...) throws -> String {
        let transcript = try Sqzctl.run(socket: daemon.socket, words)
        transcript.expect(0)
        return transcript.output
    }

    /// The reply with `--json`, which must be that of the method, wherever the option stands.
    private func json<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, _ words: String..., at location: SourceLocation = #_sourceLocation
    ) throws -> M.Reply where M.Reply: Equatable {
        let before = try Sqzctl.run(socket: daemon.socket, ["--json"] + words)
        let after = try Sqzctl.run(socket: daemon.socket, words + ["--json"])
        before.expect(0, at: location)
        #expect(before.output == after.output, sourceLocation: location)
        let reply = try before.reply(M.Reply.self)
        #expect(try reply == daemon.call(method, parameters), sourceLocation: location)
        return reply
    }

    @Test func jobs() throws {
        let text = try people("jobs")
        #expect(text.hasPrefix("JOB  KIND"))
        #expect(text.split(separator: "\n").last?.contains("train  succeeded") == true)
        #expect(text.contains("tints@1"))
        #expect(try people("jobs", "--state", "running").split(separator: "\n").count == 1)
        #expect(try people("jobs", "--limit", "1").split(separator: "\n").count == 2)
        _ = try json(JobsInterface.List.self, .init(), "jobs")
        _ = try json(
            JobsInterface.List.self, .init(states: [.succeeded, .failed], limit: 3), "jobs", "--state", "succeeded",
            "--state", "failed", "--limit", "3")
    }

    @Test func show() throws {
        let text = try people("show", Self.training)
        for words in ["train (runner squeezenet)", "succeeded", "colours", "tints@1", "--epochs"] {
            #expect(text.contains(words), "\(text)")
        }
        _ = try json(JobsInterface.Show.self, .init(id: 1, history: true), "show", Self.training)
    }

    @Test func watch() throws {
        let text = try people("watch", Self.training)
        let lines = text.split(separator: "\n")
        #expect(lines.map { $0.split(separator: " ")[2] } == ["queued", "running", "epoch", "succeeded:"])
        #expect(lines.last?.contains("model tints@1") == true)
        let transcript = try Sqzctl.run(daemon, "watch", Self.training, "--json")
        let events = try transcript.lines.map {
            try #require(try JSON.decode(JobsInterface.Watch.Reply.self, from: Array($0.utf8)).event)
        }
        #expect(try events == daemon.events(of: 1))
        #expect(try Sqzctl.run(daemon, "--json", "watch", Self.training).output == transcript.output)
    }

    @Test func wait() throws {
        #expect(try people("wait", Self.training) == "job 1  succeeded\n")
        let jobs = try (0..<2).map { _ in String(try daemon.countDown()) }
        #expect(try people("wait", jobs[0], jobs[1]) == jobs.map { "job \($0)  succeeded\n" }.joined())
        _ = try json(JobsInterface.Show.self, .init(id: 1), "wait", Self.training)
    }

    @Test func logs() throws {
        #expect(try people("logs", Self.training).contains("146570 parameters"))
        let id = try daemon.countDown(from: 2)
        try daemon.end(of: id)
        #expect(try people("logs", "\(id)") == "job \(id): counting down from 2\n1\n0\n")
        _ = try json(JobsInterface.Logs.self, .init(id: 1), "logs", Self.training)
    }

    @Test func cancel() throws {
        let blocker = try daemon.block()
        let waiting = try (0..<3).map { _ in try daemon.countDown() }
        #expect(
            try people("cancel", "\(waiting[0])", "\(waiting[1])")
                == "job \(waiting[0])  cancelled\njob \(waiting[1])  cancelled\n")
        let reply = try Sqzctl.run(daemon, "cancel", "\(waiting[2])", "--json").reply(JobsInterface.Cancel.Reply.self)
        #expect(try reply.job == daemon.job(waiting[2]))
        #expect(try people("cancel", "\(blocker)").contains("cancelled"))
        try daemon.end(of: blocker)
        try Sqzctl.run(daemon, "cancel", "\(blocker)").expect(64, "job \(blocker) has ended already: cancelled")
    }

    @Test func pauseResumePrioritizeAndRetry() throws {
        let blocker = try daemon.block()
        let id = "\(try daemon.countDown(from: 1))"
        #expect(try people("pause", id) == "job \(id)  paused\n")
        try Sqzctl.run(daemon, "pause", id).expect(64, "job \(id)", "paused")
        #expect(try people("resume", id) == "job \(id)  queued\n")
        #expect(try people("prioritize", id, "--priority", "-5") == "job \(id)  priority -5\n")
        #expect(
            try Sqzctl.run(daemon, "prioritize", id, "--priority=3", "--json")
                .reply(JobsInterface.Prioritize.Reply.self).job.priority == 3)
        try Sqzctl.run(daemon, "prioritize", id, "--priority", "101").expect(64, "priority", "-100 to 100")
        _ = try people("cancel", id)
        #expect(try people("retry", id) == "job \(id)  queued\n")
        for verb in ["pause", "resume"] {
            let job = try Sqzctl.run(daemon, "--json", verb, id).reply(JobsInterface.Pause.Reply.self).job
            #expect(job.state == (verb == "pause" ? .paused : .queued))
        }
        #expect(try people("pause", "\(blocker)").hasPrefix("job \(blocker)  "))
        #expect(try daemon.end(of: #require(Int(id))).state == .succeeded)
        try daemon.cancel(blocker)
    }

    @Test func limit() throws {
        let id = "\(try daemon.submit(.init(kind: "countdown", hold: true)))"
        #expect(try people("limit", id, "--time-limit", "90m") == "job \(id)  time limit 1 h 30 min  deadline none\n")
        let reply = try Sqzctl.run(daemon, "limit", id, "--deadline=+1h", "--time-limit=none", "--json")
            .reply(JobsInterface.Limit.Reply.self)
        #expect(try reply.job == daemon.job(#require(Int(id))))
        #expect(reply.job.deadline != nil && reply.job.timeLimit == nil)
        #expect(try people("limit", id, "--deadline", "none").hasSuffix("  deadline none\n"))
        try Sqzctl.run(daemon, "limit", id).expect(64, "--time-limit, --deadline or both")
        for words in [["--deadline", "soon"], ["--time-limit", "0"], ["--time-limit", "never"]] {
            try Sqzctl.run(socket: daemon.socket, ["limit", id] + words).expect(64, words[0], words[1])
        }
        try Sqzctl.run(daemon, "limit", id, "--deadline", "2020-01-01").expect(64, "deadline: has passed")
        try daemon.cancel(#require(Int(id)))
    }

    @Test func whatATrainingMakesIsEvaluatedInOneGo() throws {
        let training = try people("train", "--epochs", "1", "--batch-size", "20", "--model", "soon")
        let id = String(training.dropLast())
        try Sqzctl.run(daemon, "evaluate", "--model", "late").expect(66, "there is no model late; there are: ")
        let evaluation = try people("evaluate", "--model", "soon", "--after", id, "--follow")
        #expect(evaluation.contains("succeeded"), "\(evaluation)")
        let job = try daemon.job(#require(evaluation.split(separator: "\n").first.flatMap { Int($0) }))
        #expect(job.model == "soon@1")
    }

    @Test func dependencies() throws {
        let blocker = try daemon.block()
        let text = try people(
            "train", "--after", "1", "--after-failure", "\(blocker)", "--after-any", "\(blocker - 1)")
        let id = try #require(Int(text.dropLast()))
        #expect(
            try Set(daemon.job(id).after.map { "\($0.job) \($0.condition.rawValue)" }) == [
                "1 success", "\(blocker) failure", "\(blocker - 1) any",
            ])
        #expect(try people("show", "\(id)").contains("job \(blocker) (failure)"))
        try daemon.cancel(id)
        try daemon.cancel(blocker)
    }

    @Test func metrics() throws {
        let lines = try people("metrics").split(separator: "\n").map(String.init)
        #expect(lines.contains("# TYPE sqzd_jobs gauge"))
        #expect(lines.contains { $0.hasPrefix("sqzd_jobs{state=\"succeeded\"} ") })
        #expect(lines.filter { !$0.hasPrefix("#") }.allSatisfy { Double($0.split(separator: " ").last ?? "") != nil })
        let reply = try Sqzctl.run(daemon, "metrics", "--json").reply(ManagerInterface.Metrics.Reply.self)
        #expect(reply.metrics.contains { $0.name == "sqzd_calls_total" && $0.kind == .counter && $0.value > 0 })
    }

    @Test func top() throws {
        let blocker = try daemon.block()
        for json in [false, true] {
            let (child, output) = try Sqzctl.start(daemon, ["top"] + (json ? ["--json"] : []), until: "countdown")
            child.signal(SIGINT)
            #expect(child.wait() == .killed(signal: SIGINT))
            close(output)
        }
        try daemon.cancel(blocker)
    }

    @Test func modelExportImportAndRemove() throws {
        let scratch = try ScratchDirectory()
        let file = scratch["tints.safetensors"]
        #expect(try people("model", "export", "tints", file).hasPrefix("\(file): tints@1"))
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: "tints")).model
        #expect(try Checksum.sha256(ofFile: file) == model.sha256)
        try Sqzctl.run(daemon, "model", "export", "tints", file).expect(65, file, "exists already; --force replaces it")
        try scratch.write("other.safetensors", [1])
        try FileManager.default.createSymbolicLink(
            atPath: scratch["link.safetensors"], withDestinationPath: "other.safetensors")
        try Sqzctl.run(daemon, "model", "export", "tints", scratch["link.safetensors"], "--force").expect(0)
        #expect(try Checksum.sha256(ofFile: scratch["other.safetensors"]) == model.sha256)
        #expect(try scratch.names() == ["link.safetensors", "other.safetensors", "tints.safetensors"])
        #expect(try people("model", "import", file, "--name", "copy") == "model copy@1\n")
        let copy = try daemon.call(ModelsInterface.Show.self, .init(model: "copy")).model
        #expect(copy.sha256 == model.sha256 && copy.weightsSha256 == model.weightsSha256 && copy.job == nil)
        let history = try daemon.call(ModelsInterface.Show.self, .init(model: "copy")).history
        #expect(
            try history?.count == 1 && daemon.call(ModelsInterface.Show.self, .init(model: "tints")).history == history)
        let shown = try people("model", "show", "copy")
        for part in [
            "history", "pictures of data set", "1 epoch", "seed 1", "by sqzd \(Version.current)", "batch-size 20",
        ] {
            #expect(shown.contains(part), "\(part): \(shown)")
        }
        #expect(shown.contains("KERNEL") && shown.contains("3x3"))
        #expect(try people("model", "rm", "copy") == "model copy@1 removed\n")
        try Sqzctl.run(daemon, "model", "show", "copy").expect(66, "no model copy")
        #expect(try people("model", "show", "tints").contains("tints@1"))
        let bad = try scratch.write("bad.safetensors", [1, 2, 3, 4, 5, 6, 7, 8, 9])
        try Sqzctl.run(daemon, "model", "import", bad).expect(65, "model")
        try Sqzctl.run(daemon, "model", "import", scratch["nothing"]).expect(66, "nothing")
    }

    @Test func modelExportToStandardOutput() throws {
        let scratch = try ScratchDirectory()
        let file = scratch["tints.safetensors"]
        _ = try people("model", "export", "tints", file)
        let script = "cd '\(scratch.path)' && \(Sqzctl.path) model export tints - > piped"
        let transcript = try Transcript.run(["bash", "-c", script], environment: ["SQZD_SOCKET": daemon.socket])
        #expect(transcript.ending == .exited(0) && transcript.errors.isEmpty)
        #expect(try scratch.names() == ["piped", "tints.safetensors"])
        #expect(try scratch.read("piped") == scratch.read("tints.safetensors"))
    }

    @Test func aModelsFileSaysItsFormat() throws {
        let scratch = try ScratchDirectory()
        let file = scratch["a b.v2.safetensors"]
        _ = try people("model", "export", "tints", file)
        #expect(try people("model", "import", file) == "model a-b.v2@1\n")
        try Sqzctl.run(daemon, "model", "rm", "a-b.v2").expect(0)
    }

    @Test func models() throws {
        let text = try people("models")
        #expect(
            text.hasPrefix("MODEL") && text.contains("tints@1  yes       squeezenet-cifar") && text.contains("146,570"))
        // Nothing warns.
        #expect(!text.contains("WARNING") && text.contains("  MADE\n"), "\(text)")
        _ = try json(ModelsInterface.List.self, NoParameters(), "models")
    }

    @Test func modelShow() throws {
        let text = try people("model", "show", "tints")
        for words in ["tints@1", "squeezenet-cifar", "red, green", "146,570", "data set colours, job 1", "LAYER"] {
            #expect(text.contains(words), "\(text)")
        }
        _ = try json(ModelsInterface.Show.self, .init(model: "tints"), "model", "show", "tints")
    }

    @Test func datasets() throws {
        let text = try people("datasets")
        #expect(text.hasPrefix("DATA SET") && text.contains("colours"))
        _ = try json(DatasetsInterface.List.self, NoParameters(), "datasets")
    }

    @Test func datasetShow() throws {
        let text = try people("dataset", "show", "colours")
        for words in ["200 to train, 40 to test, 32x32", "10: red, green", "cifar-10"] {
            #expect(text.contains(words), "\(text)")
        }
        _ = try json(DatasetsInterface.Show.self, .init(dataset: "colours"), "dataset", "show", "colours")
    }

    @Test func datasetImportAndRemove() throws {
        let scratch = try ScratchDirectory()
        let folder = try Colours.write(to: scratch, "paint", seed: 20)
        #expect(try people("dataset", "import", folder).contains("200 to train"))
        let names = try scratch.write("names.txt", Array(Colours.classes.reversed().joined(separator: "\n").utf8))
        let file = folder + "/data_batch_1.bin"
        let transcript = try Sqzctl.run(
            daemon, "dataset", "import", file, "--name", "one-file", "--classes", names, "--json")
        transcript.expect(0)
        let last = try #require(transcript.lines.last)
        let reply = try JSON.decode(DatasetsInterface.Import.Reply.self, from: Array(last.utf8))
        let dataset = try #require(reply.dataset)
        #expect(dataset.name == "one-file" && dataset.train == 200 && dataset.classes == Colours.classes.reversed())
        #expect(
            try people("dataset", "rm", "paint", "one-file") == "data set paint removed\ndata set one-file removed\n")
        let known = try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name)
        #expect(!known.contains("paint") && !known.contains("one-file"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/uploads") == [])
    }

    @Test func runners() throws {
        let text = try people("runners")
        for words in [
            "squeezenet 0", "countdown 1", "learning-rate", "1 to 100000", "squeezenet-cifar|", "Counts down",
        ] {
            #expect(text.contains(words), "\(text)")
        }
        _ = try json(ManagerInterface.Runners.self, NoParameters(), "runners")
    }

    @Test func recipes() throws {
        let lines = try people("recipes").split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        for line in [
            "train --recipe tutorial: As the tutorial has it: Adam at one learning rate.",
            "OPTION TUTORIAL QUICK STRONG", "optimizer adam muon muon", "momentum - 0.95 0.95",
            "schedule constant linear cosine", "logit-relu true false false",
        ] {
            #expect(lines.contains(line), "\(lines)")
        }
        let reply = try json(ManagerInterface.Runners.self, NoParameters(), "recipes")
        #expect(
            reply.runners.flatMap(\.kinds).flatMap { $0.presets ?? [] }.map(\.value) == ["tutorial", "quick", "strong"])
    }

    @Test func info() throws {
        let text = try people("info")
        for words in [daemon.state, daemon.data, "0 running, 0 waiting"] { #expect(text.contains(words), "\(text)") }
        _ = try json(ManagerInterface.Info.self, NoParameters(), "info")
    }

    @Test func evaluate() throws {
        let id = try people("evaluate", "--data", "colours", "--model", "tints")
        let job = try daemon.end(of: #require(Int(id.dropLast())))
        #expect(job.kind == "evaluate" && job.model == "tints@1" && job.outcome?.images == 40)
        let text = try people("evaluate", "--model", "tints", "--threads", "1", "--follow")
        #expect(text.contains("top-1 accuracy"))
        let reply = try Sqzctl.run(daemon, "--json", "evaluate").reply(JobsInterface.Submit.Reply.self)
        #expect(try daemon.end(of: reply.id).state == .succeeded)
    }

    @Test func aModelThatIsNotThereIs66() throws {
        for verb in ["evaluate", "predict"] {
            try Sqzctl.run(daemon, verb, "--model", "nothing").expect(66, "no model nothing", "tints")
        }
    }

    @Test func predictAndPredictions() throws {
        let id = try #require(Int(try people("predict", "--top", "2").dropLast()))
        try daemon.end(of: id)
        let lines = try people("predictions", "\(id)").split(separator: "\n")
        #expect(lines.count == 40)
        let columns = try #require(lines.dropFirst(3).first).split(separator: "\t")
        #expect(columns.count == 4 && columns[0] == "3" && columns[1] == "3")
        #expect(Colours.classes.contains(String(columns[2])) && Double(columns[3]) != nil)
        let transcript = try Sqzctl.run(daemon, "predictions", "\(id)", "--json")
        let replies = try transcript.lines.map {
            try JSON.decode(JobsInterface.Predictions.Reply.self, from: Array($0.utf8), unknownKeys: .refuse)
        }
        #expect(try replies == daemon.stream(JobsInterface.Predictions.self, .init(id: id)))
        #expect(replies[0].predictions[0].classes.count == 2)
    }

    @Test func train() throws {
        let text = try people(
            "train", "--data", "colours", "--arch", "squeezenet-cifar", "--bypass", "simple", "--recipe", "tutorial",
            "--epochs", "1", "--batch-size", "50", "--learning-rate", "0.002", "--seed", "5", "--pad", "2", "--threads",
            "1", "--model", "written", "--priority", "-3", "--after", "1")
        let job = try daemon.end(of: #require(Int(text.dropLast())))
        #expect(
            job.outcome?.model == "written@1" && job.priority == -3
                && job.after == [Dependency(job: 1, condition: .success)])
        #expect(
            job.options == [
                "arch": .string("squeezenet-cifar"), "bypass": .string("simple"), "recipe": .string("tutorial"),
                "epochs": .integer(1), "batch-size": .integer(50), "learning-rate": .number(0.002),
                "seed": .integer(5), "pad": .integer(2), "threads": .integer(1),
            ])
        #expect(try daemon.call(ModelsInterface.Show.self, .init(model: "written")).model.bypass == "simple")
    }

    @Test func trainAndFollow() throws {
        let lines = try people("train", "--epochs", "2", "--batch-size", "50", "--follow").split(separator: "\n")
        #expect(Int(lines.first ?? "") != nil)
        #expect(lines.contains { $0.contains("epoch 2/2") && $0.contains("loss") && $0.contains("accuracy") })
        #expect(lines.contains { $0.contains("succeeded: model colours@") })
        let transcript = try Sqzctl.run(
            daemon, "train", "--epochs", "1", "--batch-size", "50", "--follow", "--json")
        let objects = try transcript.objects()
        #expect(objects.first?.keys.sorted() == ["id"])
        #expect(objects.dropFirst().allSatisfy { $0.keys.sorted() == ["event"] })
        guard case .object(let event)? = objects.last?["event"] else {
            Issue.record("\(transcript.output)")
            return
        }
        #expect(event["state"] == .string("succeeded"))
    }

    @Test func trainOnAPathImportsItByUpload() throws {
        let scratch = try ScratchDirectory()
        let folder = try Colours.write(to: scratch, "my colours", train: 60, test: 20, seed: 31)
        let first = try Sqzctl.run(daemon, "train", "--data", folder, "--epochs", "1", "--batch-size", "30")
        first.expect(0, "data set my-colours: 60 pictures to train, 20 to test")
        let job = try daemon.end(of: #require(Int(first.lines.first ?? "")))
        #expect(job.state == .succeeded && job.dataset == "my-colours" && job.outcome?.model == "my-colours@1")
        // Again: the same data, a new version.
        let second = try Sqzctl.run(
            daemon, "train", "--data", folder, "--epochs", "1", "--batch-size", "30", "--follow")
        second.expect(0)
        #expect(second.output.contains("model my-colours@2"))
        try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "my-colours"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: daemon.state + "/uploads") == [])
    }
}
