extension Dataset {
    /// What is suspicious about the pictures' labels, a sentence each: a class that nothing can be learned of.
    public var remarks: [String] {
        guard let train = trainByClass, let test = testByClass else { return [] }
        // A runner that errs may count more classes, or fewer, than it names.
        let untrained = zip(classes, zip(train, test)).enumerated().filter { $1.1.0 == 0 }
        let empty = untrained.filter { $1.1.1 == 0 }.map(\.offset)
        let onlyTested = untrained.filter { $1.1.1 > 0 }.map(\.offset)
        return [
            empty.isEmpty ? nil : "\(subject(empty)) no pictures\(guess(empty))",
            onlyTested.isEmpty ? nil : "\(subject(onlyTested)) test pictures, but none to train",
        ].compactMap { $0 }
    }

    /// What a user may have got wrong.
    private func guess(_ empty: [Int]) -> String {
        if empty == [0] { return ": do the labels begin at 1?" }
        let labels = classes.count - empty.count
        guard empty == Array(labels..<classes.count) else { return "" }
        return ": there are \(classes.count) names, but the labels end at \(labels - 1)"
    }

    private func subject(_ labels: [Int]) -> String {
        let named = labels.prefix(Self.namedClasses).map { label in
            classes[label] == String(label) ? classes[label] : "\(label) (\(classes[label]))"
        }
        let parts = named + (labels.count > named.count ? ["\(labels.count - named.count) more"] : [])
        guard parts.count > 1 else { return "class \(parts[0]) has" }
        return "classes \(parts.dropLast().joined(separator: ", ")) and \(parts[parts.count - 1]) have"
    }

    /// So many say which kind they are.
    private static let namedClasses = 5
}
