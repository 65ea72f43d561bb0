import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs that learn of a model, which an option names, through the daemon.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        _ = try daemon.train(as: "wide", options: ["recipe": .string("tutorial"), "width": .integer(2)])
        return daemon
    }) struct TeacherJobTests
{
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func options(_ more: [String: JSONValue]) -> [String: JSONValue] {
        more.merging(["epochs": .integer(1), "batch-size": .integer(20), "recipe": .string("quick")]) { one, _ in one }
    }

    @Test func theTeacherIsSettledWhenTheJobIsSubmittedAndStaysWhileItWaits() throws {
        let id = try daemon.submit(
            .init(
                kind: "train", options: options(["teacher": .string("wide")]), dataset: "colours", model: "taught",
                hold: true))
        #expect(try daemon.job(id).options["teacher"] == .string("wide@1"))
        // Under whatever name.
        try daemon.call(ModelsInterface.Rename.self, .init(name: "wide", to: "wider"))
        defer {
            #expect(throws: Never.self) {
                try daemon.call(ModelsInterface.Rename.self, .init(name: "wider", to: "wide"))
            }
        }
        let error = try daemon.error(of: ModelsInterface.Remove.self, .init(model: "wider@1")).flatMap { SqzError($0) }
        guard case .modelInUse(_, [id])? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try daemon.call(JobsInterface.Resume.self, .init(id: id))
        let job = try daemon.end(of: id)
        #expect(job.state == .succeeded && job.outcome?.model == "taught@1", "\(job.reason ?? "")")
        let alone = try daemon.end(
            of: daemon.submit(.init(kind: "train", options: options([:]), dataset: "colours", model: "alone")))
        #expect(alone.state == .succeeded)
        func model(_ name: String) throws -> Model {
            try daemon.call(ModelsInterface.Show.self, .init(model: name)).model
        }
        #expect(try model("taught").weightsSha256 != model("alone").weightsSha256)
        #expect(try model("wider").architecture == "squeezenet-cifar-x2")
        #expect(try model("wider").parameters > 3 * model("alone").parameters)
        let history = try #require(daemon.call(ModelsInterface.Show.self, .init(model: "taught")).history)
        #expect(history[0].options?["teacher"] == "wide@1" && history[0].options?["temperature"] == "4.0")
    }

    @Test func eachMemberOfASweepHasItsOwn() throws {
        let names = try daemon.call(
            JobsInterface.SubmitSweep.self,
            .init(
                kind: "train",
                members: [["teacher": .string("wide"), "teacher-share": .number(0.5)], ["seed": .integer(2)]],
                options: options([:]), dataset: "colours", model: "swept"))
        let jobs = try names.ids.map { try daemon.end(of: $0) }
        #expect(jobs.allSatisfy { $0.state == .succeeded }, "\(jobs.map(\.reason))")
        #expect(jobs.map { $0.options["teacher"] } == [.string("wide@1"), nil])
    }

    @Test func whoCanNotTeachIsRefused() throws {
        let error = try daemon.error(
            of: Submit.self, .init(kind: "train", options: ["teacher": .string("nobody")], dataset: "colours"))
        guard case .noSuchModel("nobody", _, _, _, _, _, _)? = error.flatMap({ SqzError($0) }) else {
            Issue.record("\(String(describing: error))")
            return
        }
        let reason = try daemon.expectInvalid(
            "teacher", from: Submit.self, .init(kind: "train", options: ["teacher": .integer(3)], dataset: "colours"))
        #expect(reason == "must be a model's NAME or NAME@VERSION, is 3")
        try daemon.expectInvalid(
            "width", from: Submit.self, .init(kind: "train", options: ["width": .integer(5)], dataset: "colours"))
        for (more, told) in [
            (["temperature": .number(2)], "temperature: is of a teacher, and none is named (--teacher)"),
            (["teacher": .string("wide"), "resize": .integer(40)], "takes pictures of 32x32; right would be 40x40"),
        ] as [([String: JSONValue], String)] {
            let job = try daemon.end(
                of: daemon.submit(.init(kind: "train", options: options(more), dataset: "colours")))
            #expect(job.state == .failed && job.reason?.contains(told) == true, "\(job.reason ?? "")")
        }
        let eight = try daemon.end(
            of: daemon.submit(.init(kind: "quantize", dataset: "colours", model: "eight", base: "wide")))
        #expect(eight.state == .succeeded, "\(eight.reason ?? "")")
        let job = try daemon.end(
            of: daemon.submit(
                .init(kind: "train", options: options(["teacher": .string("eight")]), dataset: "colours")))
        #expect(job.state == .failed && job.reason?.contains("is a model of eight bits") == true, "\(job.reason ?? "")")
    }
}
