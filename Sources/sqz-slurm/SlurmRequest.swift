/// What sqzd asks Slurm for, as its words say: those below, options of sbatch, and the program of which each rank is one process.
struct SlurmRequest: Sendable {
    let ranks: Int
    /// The number that the job has for sqzd.
    let job: Int
    /// How much later than others of this user Slurm may let it begin: 0 and more (sbatch --nice).
    let nice: Int
    /// For how long it may run; nil: for as long as the partition lets it.
    let seconds: Int?
    let options: [String]
    let program: String

    init(_ words: [String]) throws(SlurmError) {
        var (numbers, options): ([String: Int], [String]) = ([:], [])
        for word in words.dropLast() {
            let parts = word.split(separator: "=", maxSplits: 1)
            if ["--ranks", "--job", "--nice", "--seconds"].contains(parts[0]), parts.count == 2,
                numbers[String(parts[0])] == nil
            {
                numbers[String(parts[0])] = Int(parts[1])
            } else {
                options.append(word)
            }
        }
        guard let ranks = numbers["--ranks"], let job = numbers["--job"], let program = words.last else {
            throw .usage
        }
        self.ranks = ranks
        self.job = job
        self.program = program
        self.options = options
        nice = numbers["--nice"] ?? 0
        seconds = numbers["--seconds"]
    }

    /// The name that Slurm's programs show.
    var name: String { "sqzd-\(job)" }

    /// Slurm counts minutes; beside those of the job there are some to begin and to end.
    private var minutes: Int? { seconds.map { ($0 + 59) / 60 + 5 } }

    /// Later options of sbatch go before earlier ones: an administrator has the last word, but on the name and the directory.
    /// - Parameter directory: the job's own. By both Slurm's job is known to be this one (`Slurm.jobs`).
    func batchWords(in directory: String) -> [String] {
        let time = minutes.map { ["--time=\($0)"] } ?? []
        return [
            "--parsable", "--requeue", "--signal=B:USR1@120", "--nice=\(nice)", "--ntasks=\(ranks)",
            "--output=/dev/null",
        ] + time + options + ["--job-name=\(name)", "--chdir=\(directory)"]
    }

    /// What was asked for, but for what may change while the job waits.
    var description: String { (["--ntasks=\(ranks)"] + options).joined(separator: " ") }

    /// Each rank has all processors that the job has on its node; the first has standard input and output.
    func stepWords(on id: Int) -> [String] {
        [
            "--jobid=\(id)", "--overlap", "--mpi=pmix", "--input=0", "--unbuffered", "--kill-on-bad-exit=1",
            "--cpu-bind=none", "--ntasks=\(ranks)", "--job-name=\(name)", program,
        ]
    }

    /// Runs on the first node and keeps the job's nodes while sqzd computes on them. What nobody comes for, for five minutes (sqzd is not
    /// there), or what sqzd does not know (`place` has another job's number), is given back.
    func holder(place: String) -> String {
        """
        #!/bin/sh
        trap 'scancel --signal=USR1 "$SLURM_JOB_ID"' USR1
        idle=0
        while [ "$idle" -lt 10 ]; do
            sleep 30 &
            wait $!
            read -r known 2>/dev/null <\(Self.quoted(place)) && [ "$known" = "$SLURM_JOB_ID" ] || exit 0
            if squeue --noheader --steps --jobs="$SLURM_JOB_ID" --format=%i | grep -q '\\.[0-9]'; then idle=0; else idle=$((idle + 1)); fi
        done

        """
    }

    private static func quoted(_ word: String) -> String { "'\(word.replacing("'", with: "'\\''"))'" }
}
