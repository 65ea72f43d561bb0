internal import Subprocess

/// Slurm's own programs, whose words and outputs are stable and everywhere; a cluster's library differs with each version.
enum Slurm {
    /// Asks for machines; gives the number that the job has for Slurm. Throws `SlurmError.refused` or `silent`.
    /// - Parameter place: the file in the job's directory that will have the number.
    static func submit(_ request: SlurmRequest, in directory: String, place: String) async throws -> Int {
        let output = try await run(
            "sbatch", request.batchWords(in: directory), input: request.holder(place: place))
        // NUMBER, or NUMBER;CLUSTER.
        guard let id = Int(output.prefix { $0.isNumber }) else {
            throw SlurmError.refused(program: "sbatch", reason: "it printed \(output)")
        }
        return id
    }

    /// What Slurm knows of a job already: sbatch may have been heard whose answer was not. Others' jobs of the same name have other
    /// directories.
    static func jobs(of request: SlurmRequest, in directory: String) async throws -> [(id: Int, isOver: Bool)] {
        let output = try await run(
            "squeue", ["--noheader", "--states=all", "--name=\(request.name)", "--format=%A|%T|%Z"])
        return output.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "|", maxSplits: 2).map(String.init)
            guard parts.count == 3, parts[2] == directory, let id = Int(parts[0]) else { return nil }
            return (id, !["PENDING", "CONFIGURING", "RUNNING", "SUSPENDED"].contains(parts[1]))
        }
    }

    /// Throws `SlurmError.silent`. A job that Slurm has forgotten was taken.
    static func state(of id: Int) async throws -> SlurmState {
        do {
            let output = try await run(
                "squeue", ["--noheader", "--states=all", "--jobs=\(id)", "--format=%T|%r|%S"])
            return output.isEmpty ? .over(.taken("forgotten")) : SlurmState(line: output)
        } catch SlurmError.refused(_, let reason) where reason.contains("Invalid job id") {
            return .over(.taken("forgotten"))
        }
    }

    /// Who cancelled a job, as the accounting says, where there is one, and when it knows.
    static func canceller(of id: Int) async -> String? {
        do {
            let output = try await run(
                "sacct", ["--noheader", "--parsable2", "--allocations", "--jobs=\(id)", "--format=State"])
            let words = output.split(separator: " ")
            return words.count == 3 && words[0] == "CANCELLED" ? "uid \(words[2])" : nil
        } catch {
            DaemonEnd.log("who cancelled Slurm's job \(id) is not known: \(error)")
            return nil
        }
    }

    static func cancel(_ id: Int) async throws {
        do {
            _ = try await run("scancel", ["\(id)"])
        } catch SlurmError.refused(_, let reason) {
            // What is over is not to be cancelled.
            DaemonEnd.log("Slurm's job \(id): \(reason)")
        }
    }

    static func requeue(_ id: Int) async throws { _ = try await run("scontrol", ["requeue", "\(id)"]) }

    private static func run(_ program: String, _ words: [String], input: String = "") async throws -> String {
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(words), input: .string(input), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        let output = result.standardOutput.split(separator: "\n").joined(separator: "\n")
        guard case .exited(0) = result.terminationStatus else {
            // Each line has the program's name before it.
            let lines = result.standardError.split(separator: "\n").map {
                $0.replacing("\(program): ", with: "").replacing("error: ", with: "")
            }
            let reason = lines.isEmpty ? "it ended with \(result.terminationStatus)" : lines.joined(separator: "; ")
            let isSilent = ["contact slurm controller", "timed out", "Connection refused", "authentication"].contains {
                reason.contains($0)
            }
            throw isSilent ? SlurmError.silent(reason) : SlurmError.refused(program: program, reason: reason)
        }
        return output
    }
}
