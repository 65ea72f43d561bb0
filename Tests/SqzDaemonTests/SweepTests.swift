import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Sweeps over the socket: all jobs or none, what is done to all of them, and the promotion of the best.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct SweepTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private typealias Submit = JobsInterface.SubmitSweep
    private typealias Change = JobsInterface.ChangeSweep

    private static func steps(_ values: [Int64]) -> [[String: JSONValue]] { values.map { ["from": .integer($0)] } }

    private func show(_ name: String) throws -> JobsInterface.ShowSweep.Reply {
        try daemon.call(JobsInterface.ShowSweep.self, .init(name: name))
    }

    private func queued() throws -> Int { try daemon.call(JobsInterface.List.self, .init()).total ?? -1 }

    @Test func whatIsWrongIsNamedAndNothingIsQueued() throws {
        let before = try queued()
        func refusal(_ option: String, _ parameters: Submit.Parameters) throws -> String {
            try daemon.expectInvalid(option, from: Submit.self, parameters)
        }
        let shared: [String: JSONValue] = ["delay": .number(1)]
        #expect(
            try refusal("from", .init(kind: "countdown", members: Self.steps([5, 0, 7]), options: shared))
                == "must be at least 1, is 0 (job 2 of the sweep: from 0)")
        #expect(
            try refusal(
                "colour", .init(kind: "countdown", members: [["from": .integer(1)], ["colour": .string("red")]])
            )
            .hasSuffix("(job 2 of the sweep: colour red)"))
        #expect(
            try refusal("members", .init(kind: "countdown", members: Self.steps([5, 6, 5])))
                == "jobs 1 and 3 of the sweep have the same options")
        #expect(
            try refusal("members", .init(kind: "countdown", members: []))
                == "must be 1 to \(Limits.sweepJobs) jobs, are 0")
        #expect(
            try refusal("repeated", .init(kind: "countdown", members: Self.steps([5]), repeated: "seed"))
                == "countdown has no option seed")
        #expect(
            try refusal("promoteBest", .init(kind: "countdown", members: Self.steps([5]), promoteBest: true))
                == "countdown makes no models")
        #expect(
            try refusal("name", .init(kind: "countdown", members: Self.steps([5]), name: "7")).contains("at least one"))
        #expect(
            try refusal("name", .init(kind: "countdown", members: Self.steps([5]), name: "sweep-7"))
                .contains("as sweeps without a name are called"))
        let note = String(repeating: "n", count: Limits.toldBytes + 1)
        #expect(
            try refusal("note", .init(kind: "countdown", members: Self.steps([5]), note: note))
                == "is longer than 512 bytes: 513")
        #expect(
            try refusal("name", .init(kind: "countdown", members: Self.steps([5]), name: "a b")).contains("letters"))
        for name in ["7", "a/b", ".a"] {
            let reason = try daemon.expectInvalid(
                "name", from: JobsInterface.Submit.self, .init(kind: "countdown", name: name))
            #expect(reason.hasPrefix("a job's name is"))
        }
        _ = try daemon.expectInvalid("note", from: JobsInterface.Submit.self, .init(kind: "countdown", note: note))
        #expect(try queued() == before)
    }

    @Test func asManyAsMayBe() throws {
        let blocker = try daemon.block()
        let most = (1...Int64(Limits.sweepJobs)).map { $0 }
        let before = try queued()
        let reason = try daemon.expectInvalid(
            "members", from: Submit.self, .init(kind: "countdown", members: Self.steps(most + [999])))
        #expect(reason == "must be 1 to \(Limits.sweepJobs) jobs, are \(Limits.sweepJobs + 1)")
        #expect(try queued() == before)
        let made = try daemon.call(Submit.self, .init(kind: "countdown", members: Self.steps(most)))
        #expect(made.ids.count == Limits.sweepJobs && made.name == "sweep-\(made.ids[0])")
        #expect(try show(made.name).members.map(\.job.id) == made.ids)
        #expect(
            try daemon.call(Change.self, .init(name: made.name, action: .cancel)).jobs.map(\.id) == made.ids)
        try daemon.cancel(blocker)
        try daemon.end(of: blocker)
    }

    @Test func allOfThemByOneName() throws {
        let blocker = try daemon.block()
        let made = try daemon.call(
            Submit.self,
            .init(
                kind: "countdown", members: Self.steps([999, 998, 997]), options: ["delay": .number(60)], name: "steps",
                note: "a few"))
        let (name, ids) = (made.name, made.ids)
        #expect(name == "steps" && ids.count == 3)
        let job = try daemon.job(ids[1])
        #expect(job.name == name && job.sweep == name && job.note == "a few")
        #expect(job.options == ["delay": .number(60), "from": .integer(998)])
        let listed = try daemon.call(JobsInterface.List.self, .init(name: "STEP"))
        #expect(listed.jobs.map(\.id) == ids.reversed() && listed.total == 3)

        func change(_ action: SweepAction, priority: Int? = nil) throws -> [Job] {
            try daemon.call(Change.self, .init(name: name, action: action, priority: priority)).jobs
        }
        #expect(try change(.prioritize, priority: -3).map(\.priority) == [-3, -3, -3])
        #expect(try change(.pause).map(\.state) == [.paused, .paused, .paused])
        #expect(try change(.resume).map(\.state) == [.queued, .queued, .queued])
        #expect(
            try daemon.expectInvalid("priority", from: Change.self, .init(name: name, action: .prioritize))
                .contains("needs it"))
        _ = try daemon.expectInvalid("priority", from: Change.self, .init(name: name, action: .cancel, priority: 1))
        try daemon.expect(
            .noSuchSweep(name: "step", known: try #require(try knownNames())), from: Change.self,
            .init(name: "step", action: .cancel))

        // One that runs, too; and no other begins in its place.
        try daemon.cancel(blocker)
        try daemon.wait(for: "job \(ids[0]): counting down")
        _ = try change(.cancel)
        for id in ids { #expect(try daemon.end(of: id).state == .cancelled) }
        #expect(try daemon.job(ids[1]).starts == 0 && daemon.job(ids[2]).starts == 0)
        #expect(
            try daemon.expectInvalid("id", from: Change.self, .init(name: name, action: .cancel))
                == "no job of sweep steps is in a state for that: 3 cancelled")
        #expect(try change(.retry).map(\.id) == ids)
        _ = try change(.cancel)
        for id in ids { try daemon.end(of: id) }
    }

    private func knownNames() throws -> [String]? {
        guard
            case .noSuchSweep(_, let known)? = try daemon.error(of: JobsInterface.ShowSweep.self, .init(name: "step"))
                .flatMap({ SqzError($0) })
        else { return nil }
        return known
    }

    /// The best is what its name means when the last has ended, and answers at once.
    @Test func theBestIsPromoted() throws {
        let rates: [Double] = [1e-9, 0.003, 1e-8]
        let options: [String: JSONValue] = ["epochs": .integer(4), "batch-size": .integer(20)]
        let made = try daemon.call(
            Submit.self,
            .init(
                kind: "train",
                members: rates.flatMap { rate in
                    [1, 2].map { ["learning-rate": .number(rate), "seed": .integer($0)] }
                }, options: options, name: "rates", repeated: "seed", promoteBest: true, dataset: "colours",
                model: "swept"))
        let jobs = try made.ids.map { try daemon.end(of: $0) }
        let sound = jobs.filter { $0.outcome?.warning == nil }
        let accuracies = sound.compactMap { $0.outcome?.accuracy }
        let best = try #require(accuracies.max())
        try daemon.wait(for: "the best of sweep rates")
        let reply = try show("rates")
        let (sweep, members, groups) = (reply.sweep, reply.members, reply.groups)
        #expect(sweep.promoted && sweep.problem == nil)
        let name = try #require(sweep.best)
        let winner = try daemon.job(try #require(sweep.bestJob))
        #expect(winner.outcome?.accuracy == best && winner.outcome?.model == name && winner.outcome?.warning == nil)
        let meant = try daemon.call(ModelsInterface.Show.self, .init(model: "swept")).model
        #expect("\(meant.name)@\(meant.version)" == name && meant.promoted == true)
        #expect(meant.version < 6)
        #expect(members.map(\.accuracy) == jobs.map { $0.outcome?.accuracy })
        #expect(groups.map(\.jobs) == [Array(made.ids[0...1]), Array(made.ids[2...3]), Array(made.ids[4...5])])
        #expect(groups[1].options == ["learning-rate": .number(0.003)] && groups[1].measured == 2)
        #expect(groups.allSatisfy { $0.accuracySpread != nil })
    }

    @Test func aModelThatCantBePromotedIsSaidSo() throws {
        let made = try daemon.call(
            Submit.self,
            .init(
                kind: "train", members: [["seed": .integer(1)]],
                options: [
                    "recipe": .string("tutorial"), "epochs": .integer(1), "batch-size": .integer(20),
                    "learning-rate": .number(1),
                ], name: "dead",
                promoteBest: true, dataset: "colours", model: "dead"))
        #expect(try daemon.end(of: made.ids[0]).outcome?.warning != nil)
        let sweep = try show("dead").sweep
        #expect(!sweep.promoted && sweep.best == nil)
        #expect(sweep.problem == "no job made a model that has an accuracy and no warning")
    }

    @Test func aJobsHistory() throws {
        let job = try daemon.train(as: "told", options: ["epochs": .integer(3)])
        #expect(try daemon.call(JobsInterface.Show.self, .init(id: job.id)).history == nil)
        let reply = try daemon.call(JobsInterface.Show.self, .init(id: job.id, history: true))
        #expect(reply.history?.map { $0.progress?.epoch } == [1, 2, 3])
        #expect(try reply.history == daemon.events(of: job.id).filter { $0.kind == .epoch })
    }
}

/// Another user's sweeps.
@Suite(
    .serialized, .enabled(if: OtherUser.isAvailable, "another user can't be become"),
    .daemon {
        let daemon = try TestDaemon()
        #expect(chmod(daemon.socket, 0o666) == 0)
        return daemon
    }) struct SweepOwnerTests
{
    @Test func onlyItsOwnerChangesASweep() throws {
        let daemon = try #require(TestDaemon.current)
        let made = try daemon.call(
            JobsInterface.SubmitSweep.self,
            .init(kind: "countdown", members: [["from": .integer(3)], ["from": .integer(4)]], hold: true))
        for action in ["cancel", "pause", "resume", "retry", "prioritize"] {
            var parameters: [String: JSONValue] = ["name": .string(made.name), "action": .string(action)]
            if action == "prioritize" { parameters["priority"] = .integer(-1) }
            let reply = try OtherUser.call(daemon, "io.sqzd.Jobs.ChangeSweep", .object(parameters))
            #expect(reply.contains("org.varlink.service.PermissionDenied"), "\(reply)")
        }
        let shown = try OtherUser.call(daemon, "io.sqzd.Jobs.ShowSweep", .object(["name": .string(made.name)]))
        #expect(shown.contains(#""state":"paused""#), "\(shown)")
        let raised = try OtherUser.call(
            daemon, "io.sqzd.Jobs.SubmitSweep",
            .object([
                "kind": .string("countdown"), "members": .array([.object(["from": .integer(3)])]),
                "priority": .integer(1),
            ]))
        #expect(raised.contains("org.varlink.service.PermissionDenied"), "\(raised)")
        try daemon.call(JobsInterface.ChangeSweep.self, .init(name: made.name, action: .cancel))
    }
}
