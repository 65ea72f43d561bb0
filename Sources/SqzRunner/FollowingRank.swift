internal import Confinement
internal import Glibc
internal import Processors
internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// A rank of a job that is not the first: it hears and tells nothing, and does as the first does.
public struct FollowingRank {
    private let ranks: Ranks
    private let abort: () -> Never

    /// - Parameter abort: ends all ranks at once.
    public init(_ ranks: Ranks, abort: @escaping () -> Never) {
        self.ranks = ranks
        self.abort = abort
        _ = Processors.ofRunner
    }

    /// Does the one job that there is.
    public func run() -> Never {
        do {
            let run = try ranks.takeCall()
            try Confinement.enforce(reading: run.read, writing: run.written, ranks)
            let silence = RunReplies(send: { _ in }, write: { _ in })
            _ = try JobKinds.run(run, inbox: .deaf, replies: silence, ranks: ranks)
            ranks.end()
            exit(EXIT_SUCCESS)
        } catch is ToldByFirst {
            waitForEnd()
        } catch SqzError.diverged {
            // The first has the same weights.
            waitForEnd()
        } catch {
            Log.write("rank \(ranks.collective.rank): \(error)")
            abort()
        }
    }

    /// Once the daemon has its answer, the first rank ends, and with it all.
    private func waitForEnd() -> Never {
        while true { pause() }
    }
}
