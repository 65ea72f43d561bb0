public import SqzProtocol
internal import Varlink

extension SweepGroup {
    /// The jobs that differ in nothing but the option that repeats them, in the order of the first of each.
    public static func all(of members: [SweepMember], repeated: String?) -> [SweepGroup] {
        var groups: [(options: [String: JSONValue], members: [SweepMember])] = []
        for member in members {
            var options = member.options
            if let repeated { options[repeated] = nil }
            if let index = groups.firstIndex(where: { $0.options == options }) {
                groups[index].members.append(member)
            } else {
                groups.append((options, [member]))
            }
        }
        return groups.map { options, members in
            let loss = Sample(members.compactMap(\.loss))
            let accuracy = Sample(members.compactMap(\.accuracy))
            return SweepGroup(
                options: options, jobs: members.map(\.job.id), measured: max(loss.count, accuracy.count),
                loss: loss.mean, lossSpread: loss.spread, accuracy: accuracy.mean, accuracySpread: accuracy.spread)
        }
    }
}

private struct Sample {
    let count: Int
    private(set) var mean: Double?
    /// The standard deviation of a sample.
    private(set) var spread: Double?

    init(_ values: [Double]) {
        count = values.count
        guard count > 0 else { return }
        let mean = values.reduce(0, +) / Double(count)
        self.mean = mean
        if count > 1 {
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            spread = (squares / Double(count - 1)).squareRoot()
        }
    }
}
