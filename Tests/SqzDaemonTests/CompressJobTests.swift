import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Models of few numbers, and of whole ones that were learnt, through the daemon.
@Suite(.serialized, .daemon(trained: "base")) struct CompressJobTests {
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func submission(
        of kind: String = "compress", _ options: [String: JSONValue], as name: String, base: String = "base"
    ) -> Submit.Parameters {
        .init(kind: kind, options: options, dataset: "colours", model: name, base: base)
    }

    private func compress(_ options: [String: JSONValue], as name: String) throws -> Job {
        try daemon.end(of: daemon.submit(submission(options, as: name)))
    }

    private func model(_ name: String) throws -> ModelsInterface.Show.Reply {
        try daemon.call(ModelsInterface.Show.self, .init(model: name))
    }

    @Test func aModelOfFewNumbersIsMadeMeasuredAndUsedAsAnyOther() throws {
        let job = try compress(["epochs": .integer(3), "sparsity": .number(0.7)], as: "small")
        #expect(job.state == .succeeded && job.outcome?.model == "small@1", "\(job.reason ?? "")")
        let (before, after) = (try #require(job.outcome?.before), try #require(job.outcome))
        #expect(before.loss != after.loss)
        let (base, made) = (try model("base"), try model("small"))
        #expect(made.model.bits == nil && made.model.size < base.model.size / 8)
        let newest = try #require(made.history?.first)
        #expect(newest.bits == 4 && newest.base == "base@1" && newest.epochs == 3)
        #expect(newest.options == ["zeros": "70 %"] && made.history?.dropFirst().first == base.history?.first)
        let evaluated = try daemon.end(
            of: daemon.submit(.init(kind: "evaluate", dataset: "colours", model: "small")))
        #expect(evaluated.outcome?.accuracy == after.accuracy)
        // One that is compressed is a teacher, is tuned and quantized as any other.
        for (kind, options) in [
            ("quantize", [:]), ("train", ["epochs": .integer(1)]), ("compress", ["epochs": .integer(0)]),
        ] as [(String, [String: JSONValue])] {
            let next = try daemon.end(of: daemon.submit(submission(of: kind, options, as: kind, base: "small")))
            #expect(next.state == .succeeded, "\(kind): \(next.reason ?? "")")
        }
    }

    @Test func theFileIsAsSmallAsWasAsked() throws {
        for (target, bytes) in [("60kB", 60_000), ("45000", 45_000)] {
            let job = try compress(["target": .string(target), "epochs": .integer(1)], as: "target")
            #expect(job.state == .succeeded, "\(job.reason ?? "")")
            let size = try model("target").model.size
            #expect(size <= bytes && size > bytes * 8 / 10, "\(size) of \(bytes)")
        }
    }

    /// Where it is stopped changes nothing.
    @Test(arguments: ["compress", "quantize"]) func aPausedOneComesToTheSame(kind: String) throws {
        let options: [String: JSONValue] =
            kind == "compress" ? ["epochs": .integer(40)] : ["bits": .integer(4), "finetune": .integer(40)]
        let whole = try daemon.end(of: daemon.submit(submission(of: kind, options, as: "whole-\(kind)")))
        #expect(whole.state == .succeeded, "\(whole.reason ?? "")")
        let id = try daemon.submit(submission(of: kind, options, as: "parts-\(kind)"))
        var last: Int?
        func wait(for isDue: (Event) -> Bool) throws {
            try daemon.watch(id, after: last) {
                last = $0.sequence ?? last
                return isDue($0) ? .stop : .more
            }
        }
        for epoch in [2, 30] {
            try wait { $0.progress.map { $0.epoch >= epoch } == true }
            try daemon.call(JobsInterface.Pause.self, .init(id: id))
            try wait { $0.state == .paused }
            try #require(daemon.job(id).state == .paused)
            try daemon.call(JobsInterface.Resume.self, .init(id: id))
        }
        let parts = try daemon.end(of: id)
        #expect(parts.state == .succeeded, "\(parts.reason ?? "")")
        #expect(try model("whole-\(kind)").model.sha256 == model("parts-\(kind)").model.sha256)
    }

    @Test func finetuningLearnsToBeFewBits() throws {
        let plain = try daemon.end(
            of: daemon.submit(submission(of: "quantize", ["bits": .integer(4)], as: "plain")))
        let learnt = try daemon.end(
            of: daemon.submit(submission(of: "quantize", ["bits": .integer(4), "finetune": .integer(3)], as: "learnt")))
        #expect(plain.state == .succeeded && learnt.state == .succeeded, "\(learnt.reason ?? "")")
        let (first, second) = (try #require(plain.outcome?.loss), try #require(learnt.outcome?.loss))
        #expect(second < first)
        let made = try model("learnt")
        #expect(made.model.bits == 4 && made.history?.first?.epochs == 3)
    }

    @Test func whatCantBeIsRefused() throws {
        for (options, reason) in [
            (["target": .string("80kB"), "sparsity": .number(0.5)], "is what the target decides"),
            (["target": .string("1kB")], "would still be"),
            (["target": .string("small")], "right would be 80kB, 0.47MB or a number of bytes"),
        ] as [([String: JSONValue], String)] {
            let job = try compress(options, as: "x")
            #expect(job.state == .failed && job.reason?.contains(reason) == true, "\(job.reason ?? "")")
        }
        _ = try daemon.expectInvalid(
            "sparsity", from: Submit.self, submission(["sparsity": .number(1)], as: "x"))
        _ = try daemon.expectInvalid("base", from: Submit.self, .init(kind: "compress", dataset: "colours", model: "x"))
        let eight = try daemon.end(of: daemon.submit(submission(of: "quantize", [:], as: "eight")))
        #expect(eight.state == .succeeded)
        let twice = try daemon.end(of: daemon.submit(submission([:], as: "x", base: "eight")))
        #expect(twice.state == .failed && twice.reason?.contains("is a model of 8 bits") == true)
    }
}
