import Datasets
import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What a runner says to options that no daemon has checked.
@Suite struct OptionTests {
    @Test(arguments: [
        ("colour", JSONValue.integer(1), "train has no such option"), ("threads", .integer(33), "at most 32"),
        ("epochs", .number(1.5), "an integer"), ("recipe", .string("cake"), "must be one of tutorial"),
    ]) func whatDoesNotFitIsRefused(name: String, value: JSONValue, words: String) throws {
        let scratch = try ScratchDirectory()
        let runner = try RunnerProcess()
        defer { runner.end() }
        do {
            try runner.client.stream(
                RunnerInterface.Run.self,
                .init(
                    id: 1, kind: "train", options: [name: value], dataset: scratch["none"], directory: scratch.path)
            ) { _ in .more }
            Issue.record("\(name) was taken")
        } catch let error as VarlinkError {
            guard case .invalidOption(name, let reason)? = SqzError(error) else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.contains(words))
        }
    }

    /// The padding that is not given is 2, and 0 where the size is given.
    @Test func thePaddingDependsOnTheSize() throws {
        let scratch = try ScratchDirectory()
        let batch = try scratch.write("data_batch_1.bin", Colours.records(20, seed: 3).flatMap { $0 })
        let dataset = scratch["data"]
        _ = try DatasetImport.run(
            files: [.init(name: "data_batch_1.bin", path: batch)], classes: Colours.classes, output: dataset
        ) { _ in }
        func weights(_ options: [String: JSONValue]) throws -> String {
            let runner = try RunnerProcess()
            defer { runner.end() }
            let directory = scratch[options.keys.sorted().joined() + String(describing: options["pad"])]
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            var made: MadeModel?
            try runner.client.stream(
                RunnerInterface.Run.self,
                .init(
                    id: 1, kind: "train", options: options.merging(["epochs": .integer(1)]) { $1 }, dataset: dataset,
                    directory: directory)
            ) { reply in
                made = reply.result?.model
                return .more
            }
            return try #require(made).weightsSha256
        }
        let sized = try weights(["resize": .integer(32)])
        #expect(try sized == weights(["resize": .integer(32), "pad": .integer(0)]))
        let padded = try weights([:])
        #expect(try padded == weights(["pad": .integer(2)]))
        #expect(sized != padded)
    }
}
