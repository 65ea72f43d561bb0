public import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// The processes that do a job together, as whoever started them hands them over. The first speaks with the daemon; what it heard it
/// tells the others when they ask together, so that nobody goes by a clock or a message of its own.
public struct Ranks {
    let collective: Collective
    /// How many of them share this machine's processors.
    let onThisMachine: Int
    /// Returns when all have called it; nothing is sent after.
    let end: () -> Void

    public init(_ collective: Collective, onThisMachine: Int, end: @escaping () -> Void) {
        self.collective = collective
        self.onThisMachine = onThisMachine
        self.end = end
    }

    /// A process by itself.
    public static var alone: Ranks { Ranks(.alone, onThisMachine: 1) {} }

    var count: Int { collective.count }
    var isFirst: Bool { collective.rank == 0 }

    /// What nobody said of a job's options: the ranks on a machine share its processors.
    var defaults: [String: JSONValue] {
        guard count > 1 else { return [:] }
        return ["threads": .integer(Int64(max(1, Classifier.availableThreads / onThisMachine)))]
    }

    /// One line for all of them.
    func log(_ line: String) {
        if isFirst { Log.write(line) }
    }

    // What the first has heard

    /// What the first rank was asked.
    func asked(_ inbox: Inbox) -> Inbox.Requests { collective.broadcast(inbox.requests) }

    /// Hands a call that came to the first rank to the others.
    func pass(on run: RunnerInterface.Run.Parameters) throws {
        guard count > 1 else { return }
        var bytes = try JSON.encode(run)
        _ = collective.broadcast(bytes.count)
        bytes.withUnsafeMutableBytes { collective.broadcast($0) }
    }

    /// The call that the first rank passes on.
    func takeCall() throws -> RunnerInterface.Run.Parameters {
        var bytes = [UInt8](repeating: 0, count: collective.broadcast(0))
        bytes.withUnsafeMutableBytes { collective.broadcast($0) }
        return try JSON.decode(RunnerInterface.Run.Parameters.self, from: bytes)
    }

    // What all do together

    /// What `body` comes to, where it comes to the same on all ranks; what it throws on one is an error on all, of which the first has
    /// the words.
    /// - Parameter text: what must be the same of it.
    func agree<Result>(on text: (Result) -> String, _ body: () throws -> Result) throws -> Result {
        guard count > 1 else { return try body() }
        let result = Swift.Result { try body() }
        let reports =
            switch result {
            case .success(let value): gather(Report(isError: false, text: text(value)))
            case .failure(let error): gather(Report(isError: true, text: "\(error)"))
            }
        guard let rank = reports.firstIndex(where: { $0.isError || $0 != reports[0] }) else { return try result.get() }
        guard isFirst else { throw ToldByFirst() }
        let report = reports[rank]
        _ = try result.get()
        throw SqzError.failed(
            reason: report.isError
                ? "rank \(rank): \(report.text)"
                : "rank \(rank) begins with \(report.text), the first with \(reports[0].text)")
    }

    /// What a rank says of what it came to.
    private struct Report: Equatable {
        /// Bytes of a text that are sent.
        static let most = 1_000
        var isError: Bool
        var text: String
    }

    private func gather(_ own: Report) -> [Report] {
        // A byte that says what it is, and the text with zeros behind it.
        let each = 1 + Report.most
        var all = [UInt8](repeating: 0, count: count * each)
        let bytes = [own.isError ? 1 : 0] + Array(own.text.utf8.prefix(Report.most))
        all.replaceSubrange(collective.rank * each..<collective.rank * each + bytes.count, with: bytes)
        all.withUnsafeMutableBytes { bytes in collective.gather(bytes, of: count) { $0 * each } }
        return (0..<count).map { rank in
            let bytes = all[rank * each..<(rank + 1) * each]
            let text = String(decoding: bytes.dropFirst().prefix { $0 != 0 }, as: UTF8.self)
            return Report(isError: bytes.first == 1, text: text)
        }
    }

    /// Lets each rank compute a share of pictures' logits, and gives all to all.
    func sharing<Subject>(_ logits: @escaping ([Subject]) -> [Float]) -> ([Subject]) -> [Float] {
        guard count > 1 else { return logits }
        return { [collective] pictures in
            let own = collective.share(of: pictures.count)
            let part = logits(Array(pictures[own]))
            // Of a rank without a picture, nobody knows how many logits one has.
            let each = collective.gather(own.isEmpty ? 0 : part.count / own.count).max() ?? 0
            var all = [Float](repeating: 0, count: pictures.count * each)
            all.replaceSubrange(own.lowerBound * each..<own.upperBound * each, with: part)
            all.withUnsafeMutableBytes { bytes in
                collective.gather(bytes, of: pictures.count) { $0 * each * MemoryLayout<Float>.stride }
            }
            return all
        }
    }

    /// Says what it cost the first rank to have others.
    func tellCosts(steps: Int) {
        guard count > 1, steps > 0 else { return }
        log(
            """
            \(count) ranks: in \(steps) steps, validation included, the first sent \(collective.messages) messages and \
            \(collective.bytes) bytes, \(collective.messages / steps) and \(collective.bytes / steps) a step
            """)
    }
}

/// A rank ends with an error that the first one has, too, and tells.
struct ToldByFirst: Error {}
