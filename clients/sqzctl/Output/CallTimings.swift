internal import SqzProtocol

/// Where the time of calls went, one after the other.
struct CallTimings: CustomStringConvertible {
    private var calls = 1
    private var sum: Timings

    init(_ timings: Timings) { sum = timings }

    mutating func add(_ timings: Timings) {
        calls += 1
        let engine = timings.engine.flatMap { own in sum.engine.map { $0 + own } }
        sum = Timings(queue: sum.queue + timings.queue, batch: sum.batch + timings.batch, engine: engine)
    }

    var description: String {
        func text(_ microseconds: Int) -> String { "\(Format.figure(Double(microseconds) / 1_000)) ms" }
        let engine = sum.engine.map { ", in the engine \(text($0))" } ?? ""
        let calls = calls == 1 ? "" : " (\(Format.count(calls, "call")))"
        return "in the queue \(text(sum.queue)), in the batch \(text(sum.batch))\(engine)\(calls)"
    }
}
