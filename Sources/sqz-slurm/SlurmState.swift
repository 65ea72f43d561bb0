/// What Slurm says of a job (squeue(1), "JOB STATE CODES").
enum SlurmState: Sendable, Equatable {
    case waiting(String)
    case running
    /// On its way to another state.
    case between
    case over(End)

    enum End: Sendable, Equatable {
        case cancelled
        case outOfMemory
        /// Its time, its nodes or its place were taken: it can be asked for again.
        case taken(String)
        case failed(String)
    }

    /// - Parameter line: the state, the reason and the start, as squeue prints `%T|%r|%S`.
    init(line: String) {
        let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        let (word, reason, start) = (parts[0], parts.count > 1 ? parts[1] : "", parts.count > 2 ? parts[2] : "N/A")
        switch word {
        case "PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "SUSPENDED", "RESV_DEL_HOLD", "REQUEUE_FED":
            let state = word == "PENDING" ? "waits" : "is \(word.lowercased().replacing("_", with: " "))"
            let begin = start == "N/A" ? "" : ", start about \(start.replacing("T", with: " "))"
            self = .waiting("\(state)\(reason.isEmpty || reason == "None" ? "" : ": \(reason)")\(begin)")
        case "CONFIGURING": self = .waiting("waits for its nodes to boot")
        case "RUNNING": self = .running
        case "CANCELLED", "REVOKED": self = .over(.cancelled)
        case "OUT_OF_MEMORY": self = .over(.outOfMemory)
        case "TIMEOUT", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "COMPLETED":
            self = .over(.taken(word))
        case "FAILED", "DEADLINE": self = .over(.failed("\(word)\(reason.isEmpty ? "" : ": \(reason)")"))
        default: self = .between
        }
    }
}
