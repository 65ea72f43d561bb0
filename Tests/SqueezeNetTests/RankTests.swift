import Foundation
import SqueezeNet
import Synchronization
import Testing

/// Ranks as threads of one process, which hand their messages to each other.
private final class RankThreads: Sendable {
    /// What one rank has sent to another, and that has not taken.
    private final class Way: Sendable {
        let arrivals = DispatchSemaphore(value: 0)
        let messages = Mutex<[[UInt8]]>([])
    }

    private let ways: [Way]
    private let count: Int

    private init(_ count: Int) {
        self.count = count
        ways = (0..<count * count).map { _ in Way() }
    }

    /// What each rank comes to.
    static func run<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Collective) throws -> Result
    ) throws -> [Result] {
        let threads = RankThreads(count)
        let results = Mutex([Int: Swift.Result<Result, any Error>]())
        let group = DispatchGroup()
        for rank in 0..<count {
            group.enter()
            Thread.detachNewThread {
                let result = Swift.Result { try body(threads.collective(rank)) }
                results.withLock { $0[rank] = result }
                group.leave()
            }
        }
        group.wait()
        return try (0..<count).map { rank in try results.withLock { $0[rank]! }.get() }
    }

    private func collective(_ rank: Int) -> Collective {
        Collective(rank: rank, count: count) { [self] partner, outgoing, incoming in
            if !outgoing.isEmpty {
                let way = ways[rank * count + partner]
                way.messages.withLock { $0.append(Array(outgoing)) }
                way.arrivals.signal()
            }
            if !incoming.isEmpty {
                let way = ways[partner * count + rank]
                way.arrivals.wait()
                incoming.copyBytes(from: way.messages.withLock { $0.removeFirst() })
            }
        }
    }
}

/// Several ranks that train together have the bits of one process.
@Suite struct RankTests {
    static let counts = Collective.allowedCounts

    private struct Outcome: Sendable, Equatable {
        var state: TrainerState
        var steps: [Evaluation]
        var result: Weights
        var gradient: Weights
    }

    /// Some steps, and what else is made of all ranks' numbers.
    private static func outcome(
        _ run: DeterminismTests.Run, from first: Int = 0, to last: Int = 5, threads: Int, state: TrainerState? = nil,
        ranks: Collective = .alone
    ) throws -> Outcome {
        let trainer = try DeterminismTests.trainer(run, threads: threads, state: state, ranks: ranks)
        let steps = DeterminismTests.train(trainer, from: first, to: last)
        return DeterminismTests.pictures.withExamples(DeterminismTests.labels) { examples in
            trainer.settle(with: examples, epoch: 1)
            return Outcome(
                state: trainer.state, steps: steps, result: trainer.result,
                // Of fewer pictures than there are shards.
                gradient: trainer.gradients(of: Array(examples[..<3]), epoch: 1))
        }
    }

    @Test(arguments: DeterminismTests.runs) func sameBitsForAnyNumberOfRanks(_ run: DeterminismTests.Run) throws {
        let alone = try Self.outcome(run, threads: 2)
        #expect(alone.gradient.values.contains { $0 != 0 })
        for count in Self.counts {
            // The ranks' threads need not be as many.
            let outcomes = try RankThreads.run(count) { try Self.outcome(run, threads: 1 + $0.rank % 3, ranks: $0) }
            #expect(outcomes.count == count && outcomes.allSatisfy { $0 == alone }, "\(count) ranks")
        }
    }

    /// After an interruption there may be another number of them.
    @Test func sameBitsAfterInterruption() throws {
        for run in DeterminismTests.runs.suffix(2) {
            let alone = try Self.outcome(run, threads: 1)
            var state: TrainerState?
            for (step, count) in [2, 8, 1, 4, 2].enumerated() {
                let outcomes = try RankThreads.run(count) { [state] in
                    try Self.outcome(run, from: step, to: step + 1, threads: 1, state: state, ranks: $0)
                }
                #expect(outcomes.allSatisfy { $0 == outcomes[0] })
                state = outcomes[0].state
            }
            #expect(state == alone.state)
        }
    }

    @Test func sameKeptFeatures() throws {
        @Sendable func features(_ ranks: Collective) throws -> [Float] {
            let trainer = try FrozenTests.trainer(.squeezenet11, frozen: 4, threads: 1, ranks: ranks)
            return FrozenTests.pictures.withExamples(FrozenTests.labels) { examples in
                [Float](unsafeUninitializedCapacity: trainer.featureCount * examples.count) { features, count in
                    trainer.computeFeatures(of: examples, epoch: 2, into: features.baseAddress!)
                    count = features.count
                }
            }
        }
        let alone = try features(.alone)
        for count in Self.counts { #expect(try RankThreads.run(count, features).allSatisfy { $0 == alone }) }
    }

    /// A step costs as many messages as the tree has levels above the ranks, and as many again that tell of the losses.
    @Test(arguments: [(1, 0), (2, 2), (4, 4), (8, 6)]) func messagesOfAStep(_ count: Int, _ messages: Int) throws {
        let run = DeterminismTests.Run(kernels: .selected)
        let sent = try RankThreads.run(count) { ranks in
            let trainer = try DeterminismTests.trainer(run, threads: 1, ranks: ranks)
            _ = DeterminismTests.train(trainer, from: 0, to: 2)
            return (ranks.messages, ranks.bytes, trainer.network.parameterCount)
        }
        for (found, bytes, parameters) in sent {
            #expect(found == 2 * messages)
            // Gradients are sent as they lie, in whole panels.
            #expect(bytes >= 2 * messages / 2 * 4 * parameters && bytes < 2 * messages / 2 * 5 * parameters + 2 * 192)
        }
    }

    @Test(arguments: counts, [0, 1, 3, 8, 19]) func everybodyGetsAllShares(_ count: Int, _ total: Int) throws {
        let found = try RankThreads.run(count) { ranks in
            var all = [UInt32](repeating: 0, count: total)
            let own = ranks.share(of: total)
            for place in own { all[place] = UInt32(place + 1) }
            all.withUnsafeMutableBytes { bytes in ranks.gather(bytes, of: total) { $0 * 4 } }
            return (all, own, ranks.gather(ranks.rank), ranks.broadcast(ranks.rank + 5))
        }
        #expect(found.flatMap(\.1) == Array(0..<total))
        for (all, _, ranks, told) in found {
            #expect(all == (0..<UInt32(total)).map { $0 + 1 })
            #expect(ranks == Array(0..<count))
            #expect(told == 5)
        }
    }
}
