internal import Processors
internal import SqueezeNet
internal import SqzProtocol

extension JobOption {
    /// Every kind computes.
    static let threads = JobOption(
        name: "threads", type: .integer,
        help: "Threads to compute with; by default, and at most, as many as there are processors to use.",
        minimum: 1, maximum: Double(Classifier.mostThreads))
}

extension JobOptions {
    /// More threads than there are processors would only wait for each other.
    var threads: Int { min(chosenThreads ?? .max, Classifier.availableThreads) }
}

extension Classifier {
    /// A thread for each processor that this process may use.
    static var availableThreads: Int { min(Processors.ofRunner.count, mostThreads) }
}

extension Processors {
    /// Looked up once, before the runner gives up reading files.
    static let ofRunner = current
}
