internal import Dispatch

/// Two threads that do the same work in turns: each piece has three parts, and while one thread does a part of a piece, the other does
/// another part of the next. No part is ever done by both, and the pieces keep their order.
final class Alternation: Sendable {
    private let turns = (0..<3).map { _ in [DispatchSemaphore(value: 1), DispatchSemaphore(value: 0)] }

    /// Works in the calling thread and in another one, without end.
    ///
    /// - Parameters:
    ///   - begin: waits for the next piece.
    ///   - compute: gets what `begin` gave.
    ///   - finish: gets what `compute` gave.
    func run<Piece, Computed>(
        begin: @escaping @Sendable () -> Piece, compute: @escaping @Sendable (Piece) -> Computed,
        finish: @escaping @Sendable (Computed) -> Void
    ) -> Never {
        @Sendable func work(_ own: Int) -> Never {
            while true {
                let piece = turn(0, own, begin)
                let computed = turn(1, own) { compute(piece) }
                turn(2, own) { finish(computed) }
            }
        }
        DispatchQueue(label: "sqz-runner.second").async { work(1) }
        work(0)
    }

    private func turn<Result>(_ part: Int, _ own: Int, _ body: () -> Result) -> Result {
        turns[part][own].wait()
        defer { turns[part][1 - own].signal() }
        return body()
    }
}
