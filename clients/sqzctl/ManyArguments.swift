/// A shell's `*` may be ten thousand pictures, for which the argument parser takes seconds: its time grows with the square of their
/// number. It gets one argument for all of a long run.
enum ManyArguments {
    /// From so many on.
    private static let run = 100

    /// Arguments in which one that no shell can pass stands for a long run of those that are no options.
    static func shortened(_ arguments: [String]) -> [String] {
        guard arguments.count > run, arguments.contains("classify") else { return arguments }
        var short: [String] = []
        for words in arguments.split(omittingEmptySubsequences: false, whereSeparator: { $0.hasPrefix("-") }) {
            if words.startIndex > 0 { short.append(arguments[words.startIndex - 1]) }
            // The first may be an option's value, and the second the verb.
            let kept = words.prefix(words.count > run ? 2 : words.count)
            short += kept
            if kept.endIndex < words.endIndex { short.append("\0\(kept.endIndex) \(words.endIndex)") }
        }
        return short
    }

    /// Those that a shortened list stands for.
    static func expanded(_ short: [String], _ arguments: [String]) -> [String] {
        short.flatMap { word in
            guard word.hasPrefix("\0") else { return [word] }
            let ends = word.dropFirst().split(separator: " ").compactMap { Int($0) }
            return Array(arguments[ends[0]..<ends[1]])
        }
    }
}
