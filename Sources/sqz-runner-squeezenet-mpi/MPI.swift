internal import CMPI
internal import Glibc
internal import SqueezeNet
internal import SqzRunner

/// The ranks that a launcher started, over MPI.
struct MPI {
    let collective: Collective
    let ranks: Ranks

    /// Waits for all of them.
    init() {
        // Reading another process's memory is no less than becoming it: no confined process may.
        setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0)
        // A rank that waits leaves the processor to who computes.
        setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0)
        sqz_mpi_start()
        let count = Int(sqz_mpi_count())
        guard Collective.allowedCounts.contains(count) else {
            let right = Collective.allowedCounts.map(String.init).joined(separator: ", ")
            Log.write("there are \(count) ranks; right would be one of \(right)")
            Self.abort()
        }
        let exchange: Collective.Exchange = { partner, outgoing, incoming in
            sqz_mpi_exchange(
                CInt(partner), outgoing.baseAddress, outgoing.count, incoming.baseAddress, incoming.count)
        }
        let rank = Int(sqz_mpi_rank())
        Self.connect(rank, count, exchange)
        collective = Collective(rank: rank, count: count, exchange: exchange)
        ranks = Ranks(collective, onThisMachine: Int(sqz_mpi_count_here()), end: sqz_mpi_end)
        Self.removeNamesOfSharedMemory()
    }

    /// Ends all ranks at once.
    static func abort() -> Never {
        sqz_mpi_abort()
        exit(EXIT_FAILURE)
    }

    /// Enough for MPI to open all ways that it has: a confined process can open none.
    private static let first = 4 << 20

    /// Speaks once with each rank that is ever spoken with.
    private static func connect(_ rank: Int, _ count: Int, _ exchange: Collective.Exchange) {
        let outgoing = [UInt8](repeating: 0, count: first)
        var incoming = outgoing
        var distance = 1
        while distance < count {
            outgoing.withUnsafeBytes { out in incoming.withUnsafeMutableBytes { exchange(rank ^ distance, out, $0) } }
            distance *= 2
        }
    }

    /// All ranks have by now what memory they share: without its names it goes with the last of them, even where they are killed.
    private static func removeNamesOfSharedMemory() {
        guard let maps = fopen("/proc/self/maps", "r") else { return }
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer {
            free(line)
            fclose(maps)
        }
        while getline(&line, &size, maps) > 0, let line {
            let text = String(cString: line).dropLast()
            // Another rank may have done it.
            if let name = text.firstRange(of: "/dev/shm/vader_segment.") { unlink(String(text[name.lowerBound...])) }
        }
    }
}
