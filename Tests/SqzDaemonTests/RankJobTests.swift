import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs of several processes, which MPI's own launcher starts.
@Suite(
    .serialized, .needsMPI,
    .daemon {
        let daemon = try TestDaemon(
            configuration: ["launchers": .object(Launchers.all)], environment: Launchers.environment)
        try daemon.importColours()
        return daemon
    }) struct RankJobTests
{
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private static let quick: [String: JSONValue] = ["epochs": .integer(2), "batch-size": .integer(20)]

    private func submit(
        _ options: [String: JSONValue] = quick, ranks: Int? = nil, launcher: String? = nil
    ) throws -> Int {
        try daemon.submit(
            .init(
                kind: "train", options: Self.quick.merging(options) { $1 }, dataset: "colours", model: "m",
                ranks: ranks,
                launcher: launcher))
    }

    /// The checksum of the model's file.
    private func made(by id: Int) throws -> String {
        let job = try daemon.end(of: id)
        let log = try log(id)
        let model = try #require(job.outcome?.model, "\(job.state): \(job.reason ?? "")\n\(log)")
        return try daemon.call(ModelsInterface.Show.self, .init(model: model)).model.sha256
    }

    private func log(_ id: Int) throws -> String {
        try daemon.call(JobsInterface.Logs.self, .init(id: id)).lines.joined(separator: "\n")
    }

    // The same bits

    @Test(
        arguments: [
            (["recipe": .string("tutorial"), "validation-share": .number(0.13)], nil),
            // Normalized, averaged, and with scores that are lifted.
            (["recipe": .string("strong")], 2),
            (["recipe": .string("quick"), "batch-size": .integer(7)], 1),
        ] as [([String: JSONValue], Int?)])
    func theModelIsThatOfOneProcess(_ options: [String: JSONValue], groups: Int?) throws {
        let alone = try made(by: submit(options))
        for (ranks, threads) in [(2, 1), (2, 2), (4, 1), (8, 2)] {
            let id = try submit(options.merging(["threads": .integer(Int64(threads))]) { $1 }, ranks: ranks)
            #expect(try made(by: id) == alone, "\(ranks) ranks")
            let job = try daemon.job(id)
            #expect(job.ranks == ranks && job.launcher == "mpirun" && job.starts == 1)
            var lines = try log(id).split(separator: "\n")
            if let groups, groups < ranks * threads {
                #expect(lines.remove(at: 1).hasPrefix("only \(groups) of \(ranks * threads) threads will have work"))
            }
            #expect(lines.count == 2, "\(lines)")
            #expect(lines[0].contains("\(ranks) ranks of"))
            #expect(lines[1].contains("\(ranks) ranks: in "))
        }
    }

    @Test func keptFeaturesAreSharedOut() throws {
        _ = try daemon.train(as: "base")
        func train(ranks: Int?) throws -> String {
            try made(
                by: daemon.submit(
                    .init(
                        kind: "train", options: Self.quick.merging(["freeze": .string("features")]) { $1 },
                        dataset: "colours", model: "m", base: "base@1", ranks: ranks)))
        }
        #expect(try train(ranks: 4) == train(ranks: nil))
    }

    @Test func aPausedJobGoesOnWithOtherRanks() throws {
        let options: [String: JSONValue] = ["epochs": .integer(40)]
        let alone = try made(by: submit(options))
        let id = try submit(options, ranks: 2)
        for (ranks, launcher) in [(4, nil), (1, nil), (8, "mpirun"), (1, "mpirun"), (2, nil)] as [(Int, String?)] {
            try daemon.watch(id, after: lastSequence(of: id)) { $0.kind == .epoch ? .stop : .more }
            let before = try lastSequence(of: id)
            try daemon.call(JobsInterface.Pause.self, .init(id: id))
            try daemon.watch(id, after: before) { $0.state == .paused ? .stop : .more }
            let job = try daemon.call(
                JobsInterface.Resume.self, .init(id: id, ranks: ranks, launcher: launcher)
            ).job
            #expect(job.ranks == (ranks > 1 || launcher != nil ? ranks : nil))
            #expect((job.launcher == nil) == (job.ranks == nil))
        }
        #expect(try made(by: id) == alone)
        #expect(try daemon.job(id).starts == 6)
        #expect(try log(id).components(separatedBy: "goes on from epoch").count == 6)
    }

    private func lastSequence(of id: Int) throws -> Int? {
        try daemon.call(JobsInterface.Show.self, .init(id: id, history: true)).history?.last?.sequence
    }

    @Test func aJobThatIsFinishedEarlyHasAModel() throws {
        let id = try submit(["epochs": .integer(100_000)], ranks: 2)
        try daemon.watch(id) { $0.kind == .epoch ? .stop : .more }
        try daemon.call(JobsInterface.Finish.self, .init(id: id))
        #expect(try daemon.end(of: id).outcome?.early == .finished)
    }

    // Ends

    /// Who is killed, by its place: the launcher, or one of the ranks behind it.
    @Test(arguments: [0, 1, 2]) func whoeverIsKilledNobodyStays(_ place: Int) throws {
        let before = try Self.sharedMemory()
        let id = try submit(["epochs": .integer(100_000)], ranks: 2)
        try daemon.watch(id) { $0.kind == .epoch ? .stop : .more }
        let processes = try self.processes()
        #expect(processes.count == 3)
        let handles = try processes.map(ProcessHandle.init)
        #expect(kill(processes[place], SIGKILL) == 0)
        for handle in handles { #expect(handle.waitForEnd()) }
        // As after any crash it is tried again.
        var starts = 0
        try daemon.watch(id) {
            starts += $0.state == .running ? 1 : 0
            return starts == 2 ? .stop : .more
        }
        try daemon.cancel(id)
        #expect(try daemon.end(of: id).state == .cancelled)
        #expect(try Self.sharedMemory().subtracting(before) == [])
    }

    @Test func aCancelledJobLeavesNobody() throws {
        let id = try submit(["epochs": .integer(100_000)], ranks: 4)
        try daemon.watch(id) { $0.kind == .epoch ? .stop : .more }
        let handles = try processes().map(ProcessHandle.init)
        #expect(handles.count == 5)
        try daemon.cancel(id)
        #expect(try daemon.end(of: id).state == .cancelled)
        for handle in handles { #expect(handle.waitForEnd()) }
    }

    @Test func noRankOutlivesTheDaemon() throws {
        let own = try TestDaemon(environment: Launchers.environment)
        try own.importColours()
        let id = try own.submit(
            .init(kind: "train", options: ["epochs": .integer(100_000)], dataset: "colours", ranks: 2))
        try own.watch(id) { $0.kind == .epoch ? .stop : .more }
        let launcher = try own.runnerProcess()
        let handles = try ([launcher] + ProcessTable.children(of: launcher)).map(ProcessHandle.init)
        #expect(handles.count == 3)
        own.kill()
        for handle in handles { #expect(handle.waitForEnd()) }
    }

    /// The launcher and its ranks.
    private func processes() throws -> [pid_t] {
        let launcher = try daemon.runnerProcess()
        return [launcher] + (try ProcessTable.children(of: launcher))
    }

    /// What MPI's ranks shared and nobody can take away any more.
    private static func sharedMemory() throws -> Set<String> {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm")
        return Set(names.filter { $0.hasPrefix("vader_segment") })
    }

    @Test func anErrorIsThatOfOneProcess() throws {
        let options: [String: JSONValue] = [
            "recipe": .string("tutorial"), "learning-rate": .number(10), "epochs": .integer(50),
        ]
        let alone = try daemon.end(of: submit(options))
        let job = try daemon.end(of: submit(options, ranks: 2))
        #expect(job.state == .failed && job.reason == alone.reason && job.starts == 1, "\(job.reason ?? "")")
    }

    @Test func ranksThatWouldNotComeToTheSameDoNotBegin() throws {
        let job = try daemon.end(of: submit(ranks: 2, launcher: "mixed"))
        #expect(job.state == .failed && job.starts == 1)
        #expect(job.reason?.contains("rank 1 begins with kernels scalar") == true, "\(job.reason ?? "")")
    }

    /// A machine of its own, so to speak, that does not see what the first one sees.
    @Test(.enabled(if: geteuid() == 0, "needs root, for a mount")) func whatOneRankCannotReadFailsTheJob() throws {
        let own = try TestDaemon(environment: Launchers.environment, starts: false)
        let mount = """
            test $OMPI_COMM_WORLD_RANK = 0 || exec unshare --mount sh -c 'mount -t tmpfs none \(own.state)/blobs && exec "$@"' sh "$@"
            exec "$@"
            """
        try own.configure(["launchers": .object(["mpirun": Launchers.mpirun(["sh", "-c", mount, "sh"])])])
        try own.start()
        try own.importColours()
        let job = try own.end(of: own.submit(.init(kind: "train", dataset: "colours", ranks: 2)))
        #expect(job.state == .failed && job.starts == 1)
        #expect(job.reason?.contains("rank 1: ") == true, "\(job.reason ?? "")")
        try own.stop()
    }

    @Test func aRankThatDoesNotBeginIsACrash() throws {
        let job = try daemon.end(of: submit(ranks: 2, launcher: "lame"))
        #expect(job.state == .failed && job.starts == 4, "\(job.reason ?? "")")
    }

    // What is refused

    @Test func refusals() throws {
        func reason(_ option: String, ranks: Int? = nil, launcher: String? = nil) throws -> String {
            try daemon.expectInvalid(
                option, from: Submit.self,
                .init(kind: "train", dataset: "colours", ranks: ranks, launcher: launcher))
        }
        for ranks in [-1, 0, 3, 16] {
            #expect(try reason("ranks", ranks: ranks) == "must be one of 1, 2, 4, 8, is \(ranks)")
        }
        let one = "countdown is always one process"
        #expect(try daemon.expectInvalid("ranks", from: Submit.self, .init(kind: "countdown", ranks: 2)) == one)
        #expect(
            try daemon.expectInvalid("launcher", from: Submit.self, .init(kind: "countdown", launcher: "mpirun"))
                == one)
        #expect(
            try reason("launcher", ranks: 2, launcher: "slurm")
                == "there is no launcher slurm; right would be absent, lame, mixed, mpirun, narrow, ours, theirs")
        #expect(try reason("ranks", ranks: 4, launcher: "narrow") == "must be at most 2 by narrow, are 4")
        #expect(
            try reason("launcher", ranks: 2, launcher: "absent")
                == "absent needs the program /nowhere/mpirun, which is not installed here")
        let id = try daemon.submit(.init(kind: "train", options: Self.quick, dataset: "colours", hold: true))
        _ = try daemon.expectInvalid("ranks", from: JobsInterface.Resume.self, .init(id: id, ranks: 3))
        #expect(try daemon.job(id).state == .paused)
        try daemon.cancel(id)
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become")) func whoMayUseALauncherIsSet() throws {
        #expect(chmod(daemon.socket, 0o666) == 0)
        func reply(_ launcher: String) throws -> String {
            try OtherUser.call(
                daemon, Submit.name,
                .object([
                    "kind": .string("train"), "dataset": .string("colours"), "model": .string("theirs"),
                    "ranks": .integer(2), "launcher": .string(launcher), "hold": .bool(true),
                ]))
        }
        #expect(try reply("theirs").contains(#""id":"#))
        #expect(try reply("ours").contains("ours is for root, @no-such-group"))
    }
}
