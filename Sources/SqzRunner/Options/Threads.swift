internal import Glibc
internal import SqueezeNet
internal import SqzProtocol

extension JobOption {
    /// Every kind computes.
    static let threads = JobOption(
        name: "threads", type: .integer, help: "Threads to compute with; as many as there are processors by default.",
        minimum: 1, maximum: Double(Classifier.mostThreads))
}

extension JobOptions {
    var threads: Int { chosenThreads ?? Classifier.availableThreads }
}

extension Classifier {
    /// A thread for each processor that this process may use.
    static var availableThreads: Int { min(max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))), mostThreads) }
}
