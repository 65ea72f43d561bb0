internal import Glibc
internal import SqzProtocol

/// A directory that TensorBoard looks at, with a directory for each job.
struct EventFolder {
    let path: String

    private func file(of job: Job) throws -> String {
        let folder = "\(path)/job-\(job.id)"
        for path in [path, folder] where mkdir(path, 0o777) != 0 && errno != EEXIST {
            throw InputError(written: path, code: errno)
        }
        return "\(folder)/\(EventFile.name(of: job))"
    }

    /// Writes a job's file, instead of one that is there; gives its path.
    func write(_ run: TrainingRun) throws -> String {
        let path = try file(of: run.job)
        let file = try NewFile(path: path, force: true)
        try file.write(try EventFile(run).bytes)
        try file.commit()
        return path
    }

    /// Adds what the file lacks of a job that goes on: who reads it has it open. One that says something else, as after a retry, is
    /// written anew.
    func add(_ run: TrainingRun) throws {
        let path = try file(of: run.job)
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw InputError(written: path, code: errno) }
        defer { close(descriptor) }
        let bytes = try EventFile(run).bytes
        // A byte more than it may have.
        var old = [UInt8](repeating: 0, count: bytes.count + 1)
        let count = read(descriptor, &old, old.count)
        guard count >= 0 else { throw InputError(written: path, code: errno) }
        guard bytes.starts(with: old.prefix(count)) else {
            _ = try write(run)
            return
        }
        if let code = Output.write(Array(bytes.dropFirst(count)), to: descriptor) {
            throw InputError(written: path, code: code)
        }
    }
}
