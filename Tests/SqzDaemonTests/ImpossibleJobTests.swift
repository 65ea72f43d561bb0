import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Jobs that could only fail are refused when they are submitted, by what their runner says of its kinds.
@Suite(
    .serialized,
    .daemon {
        let daemon = try TestDaemon()
        try daemon.importColours()
        return daemon
    }) struct ImpossibleJobTests
{
    private typealias Submit = JobsInterface.Submit
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    /// Training pictures of these labels.
    private func importPictures(_ name: String, _ labels: [UInt8], classes: [String]) throws {
        let bytes = labels.flatMap { label in [label] + [UInt8](repeating: 7 &+ label, count: 3_072) }
        let path = try daemon.scratch.write("data/\(name)/data_batch_1.bin", bytes)
        _ = try daemon.call(
            DatasetsInterface.Import.self,
            .init(name: name, path: String(path.dropLast("/data_batch_1.bin".count)), classes: classes))
    }

    @Test(arguments: ["squeezenet-1.0", "squeezenet-1.1"]) func aSizeTooSmallForTheNetwork(network: String) throws {
        func options(_ size: Int64?) -> [String: JSONValue] {
            var options: [String: JSONValue] = [
                "arch": .string(network), "epochs": .integer(1), "batch-size": .integer(100),
            ]
            options["resize"] = size.map(JSONValue.integer)
            return options
        }
        for size: Int64 in [8, 11] {
            let reason = try daemon.expectInvalid(
                "resize", from: Submit.self, .init(kind: "train", options: options(size)))
            #expect(reason == "must be at least 12 with arch \(network), is \(size)")
        }
        // What is allowed runs.
        let job = try daemon.end(of: daemon.submit(.init(kind: "train", options: options(12), model: "small")))
        #expect(job.state == .succeeded, "\(job.reason ?? "")")
        let id = try daemon.submit(.init(kind: "train", options: ["resize": .integer(8)], hold: true))
        try daemon.cancel(id)
    }

    @Test func aDataSetThatTrainsNothing() throws {
        try importPictures("one", [0, 0, 0], classes: ["cat"])
        #expect(
            try daemon.expectInvalid("dataset", from: Submit.self, .init(kind: "train", dataset: "one"))
                == "one has 1 class, train needs at least 2")
        try importPictures("single", [1], classes: ["cat", "dog"])
        #expect(
            try daemon.expectInvalid("dataset", from: Submit.self, .init(kind: "train", dataset: "single"))
                == "single has 1 picture, train needs at least 2")
        try importPictures("pair", [0, 1], classes: ["cat", "dog"])
        #expect(try daemon.train("pair").state == .succeeded)
    }

    @Test(arguments: ["evaluate", "predict"]) func aModelOfOtherClasses(kind: String) throws {
        let names = ["\(kind)-few", "\(kind)-others", "\(kind)-numbers"]
        try importPictures(names[0], [0, 1], classes: ["cat", "dog"])
        try importPictures(names[1], [0, 1], classes: ["red", "green"] + (3...10).map { "c\($0)" })
        try importPictures(names[2], [0, 1], classes: (0..<10).map(String.init))
        _ = try daemon.train(as: "tints")
        func refusal(_ dataset: String) throws -> String {
            try daemon.expectInvalid(
                "dataset", from: Submit.self, .init(kind: kind, dataset: dataset, model: "tints@1"))
        }
        #expect(
            try refusal(names[0])
                == """
                \(names[0]) does not fit tints@1: it has 2 classes, the model was trained for 10; only it has cat, dog; only \
                the model has red, green, blue, yellow, cyan, …
                """)
        #expect(
            try refusal(names[1]).hasPrefix("\(names[1]) does not fit tints@1: its class 2 is c3, the model's is blue"))
        // Numbers fit any names.
        let id = try daemon.submit(.init(kind: kind, dataset: names[2], model: "tints@1"))
        #expect(try daemon.end(of: id).state == .succeeded)
    }

    @Test func aJobWhoseModelOrDataSetIsGoneIsNotRetried() throws {
        try importPictures("gone", [0, 1], classes: ["cat", "dog"])
        _ = try daemon.train("gone", as: "gone")
        let ids = try (0..<2).map { _ in
            try daemon.submit(.init(kind: "evaluate", dataset: "gone", model: "gone", hold: true))
        }
        for id in ids { try daemon.cancel(id) }
        _ = try daemon.call(ModelsInterface.Remove.self, .init(model: "gone@1"))
        let error = try #require(try daemon.error(of: JobsInterface.Retry.self, .init(id: ids[0])))
        #expect(error.name == "io.sqzd.Jobs.NoSuchModel")
        _ = try daemon.train("gone", as: "gone")
        _ = try daemon.call(DatasetsInterface.Remove.self, .init(dataset: "gone"))
        let other = try #require(try daemon.error(of: JobsInterface.Retry.self, .init(id: ids[1])))
        #expect(other.name == "io.sqzd.Jobs.NoSuchDataset")
    }
}

/// What other runners say of their options.
@Suite struct BoundTests {
    /// A runner whose kind has these options.
    private static func runner(_ options: String) -> TestDaemon.Runner {
        .python(
            "bound",
            describe: """
                send({'name': 'bound', 'version': '1', 'properties': {}, 'imports': False, 'classifies': False, 'kinds': [
                    {'name': 'bound', 'help': '', 'dataset': False, 'model': 'none', 'options': [\(options)]}]})
                """)
    }

    @Test func aBoundHoldsWhereTheOtherOptionIsSo() throws {
        let daemon = try TestDaemon(runners: [
            Self.runner(
                """
                {'name': 'speed', 'type': 'number', 'help': '', 'default': '1'},
                {'name': 'safe', 'type': 'flag', 'help': '', 'default': 'false'},
                {'name': 'size', 'type': 'integer', 'help': '', 'default': '5', 'bounds': [
                    {'option': 'speed', 'values': ['2', '3'], 'minimum': 6.0},
                    {'option': 'safe', 'values': ['true'], 'maximum': 7.0}]}
                """)
        ])
        func submit(_ options: [String: JSONValue]) -> JobsInterface.Submit.Parameters {
            .init(kind: "bound", options: options)
        }
        for options: [String: JSONValue] in [
            [:], ["speed": .number(1.5)], ["speed": .number(2), "size": .integer(6)], ["size": .integer(8)],
            ["safe": .bool(true), "size": .integer(7)],
        ] {
            #expect(try daemon.end(of: daemon.submit(submit(options))).state == .succeeded, "\(options)")
        }
        for (options, reason): ([String: JSONValue], String) in [
            (["speed": .number(2)], "must be at least 6 with speed 2, is 5 by default"),
            (["speed": .integer(3), "size": .integer(4)], "must be at least 6 with speed 3, is 4"),
            (["safe": .bool(true), "size": .integer(8)], "must be at most 7 with safe true, is 8"),
        ] {
            #expect(try daemon.expectInvalid("size", from: JobsInterface.Submit.self, submit(options)) == reason)
        }
        try daemon.stop()
    }

    @Test(arguments: [
        ("{'name': 'a', 'type': 'integer', 'help': '', 'bounds': [{'option': 'b', 'values': []}]}", "a bound by b"),
        ("{'name': 'a', 'type': 'integer', 'help': '', 'bounds': [{'option': 'a', 'values': []}]}", "a bound by a"),
        ("{'name': 'a', 'type': 'text', 'help': 'x' * 4097}", "a text of more than 4096 bytes"),
        ("*({'name': str(i), 'type': 'text', 'help': ''} for i in range(257))", "257 options of bound, 256"),
        ("{'name': 'a', 'type': 'text', 'help': '', 'choices': ['x'] * 1001}", "1001 choices of a, 1000"),
    ]) func aRunnerThatSaysNonsenseIsNotUsed(options: String, words: String) throws {
        let daemon = try TestDaemon(runners: [Self.runner(options), .countdown])
        let runners = try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners
        #expect(runners.map { $0.error == nil } == [false, true])
        #expect(runners[0].error?.contains(words) == true, "\(runners[0].error ?? "")")
        let error = try daemon.error(of: JobsInterface.Submit.self, .init(kind: "bound")).flatMap { SqzError($0) }
        #expect(error == .noSuchKind(kind: "bound", kinds: ["countdown"]))
        try daemon.stop()
    }

    /// Four calls of a user are worked on at a time; a submission that has to wait for a runner is none of them.
    @Test func submissionsThatWaitForARunnerKeepNobodyWaiting() throws {
        let scratch = try ScratchDirectory()
        let go = scratch["go"]
        let daemon = try TestDaemon(runners: [
            .countdown,
            .python(
                "slow",
                describe: "while not os.path.exists('\(go)'): time.sleep(0.01)\n\(#"offer('slow')"#)"),
        ])
        let clients = try (0..<2 * Limits.callsAtOnce).map { _ in try daemon.client() }
        for client in clients { try client.send(JobsInterface.Submit.self, .init(kind: "countdown")) }
        #expect(try daemon.call(JobsInterface.List.self, .init()).jobs.isEmpty)
        try scratch.write("go", [])
        for client in clients {
            _ = try client.receive(JobsInterface.Submit.self, until: TestDaemon.deadline)
                .parameters(JobsInterface.Submit.Reply.self)
        }
        try daemon.stop()
    }
}
