enum SlurmError: Error, CustomStringConvertible {
    case usage
    /// sqzd said what it does not say to a launcher.
    case unexpected(String)
    /// Slurm can't be reached now.
    case silent(String)
    case refused(program: String, reason: String)
    case ended(String)

    var description: String {
        switch self {
        case .usage:
            "sqzd starts this program: sqz-slurm --ranks=N --job=N [--nice=N] [--seconds=N] [OPTIONS OF SBATCH] PROGRAM"
        case .unexpected(let method): "\(method) came before a job, or beside it"
        case .silent(let reason): "Slurm does not answer: \(reason)"
        case .refused(let program, let reason): "\(program): \(reason)"
        case .ended(let reason): reason
        }
    }
}
