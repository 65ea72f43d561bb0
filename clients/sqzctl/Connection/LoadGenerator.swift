internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Keeps a number of connections busy, each with one call after the other, on this thread. It takes little time itself: calls are
/// encoded before, and replies are not parsed.
struct LoadGenerator {
    /// What came of it.
    struct Tally {
        /// Of calls that were answered. Those with errors are not among them.
        var latencies = Latencies()
        var errors: [String: Int] = [:]
        /// What to say of the first of them: what the daemon said, where it said anything.
        var firstError: (any Error)?
        /// Every connection has ended.
        var isLost = false
        /// Seconds that were measured, and those of a processor that this program took of them.
        var seconds = 0.0
        var ownSeconds = 0.0
    }

    private let calls: [[UInt8]]
    private var connections: [LoadConnection] = []
    private var polled: [pollfd] = []
    /// By connection.
    private var turns: [Int] = []
    private var next = 0
    private var alive: Int
    private var tally = Tally()

    /// - Parameter calls: whole messages, which the connections send in turn.
    init(_ calls: [[UInt8]], connections count: Int, to path: String) throws {
        self.calls = calls
        alive = count
        try Self.allowDescriptors(count + 16)
        for _ in 0..<count { connections.append(try LoadConnection(to: path)) }
        polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        turns = Array(repeating: 0, count: count)
    }

    /// A shell's programs may have 1,024 files open, though the kernel allows more.
    private static func allowDescriptors(_ count: Int) throws {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { throw ConnectionError.system(call: "getrlimit", errno: errno) }
        guard limit.rlim_cur < count else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        guard setrlimit(resource, &limit) == 0 else { throw ConnectionError.system(call: "setrlimit", errno: errno) }
    }

    /// Runs for these seconds after others that are not measured, or until nobody answers, or Ctrl-C.
    ///
    /// - Parameter tell: gets, four times a second, what was measured so far.
    mutating func run(seconds: Double, warmUp: Double, tell: (Tally) -> Void) throws -> Tally {
        defer { for connection in connections { close(connection.descriptor) } }
        signal(SIGINT) { _ in LoadGenerator.isInterrupted = true }
        defer { signal(SIGINT, SIG_DFL) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var start = Self.clock(CLOCK_MONOTONIC)
        var ownStart: UInt64 = 0
        var isWarm = false
        var told = start
        for index in connections.indices { try begin(index, start) }
        while alive > 0, !Self.isInterrupted {
            let now = Self.clock(CLOCK_MONOTONIC)
            let passed = Double(now - start) / 1e9
            if !isWarm, passed >= warmUp {
                (isWarm, start, told) = (true, now, now)
                ownStart = Self.clock(CLOCK_PROCESS_CPUTIME_ID)
                tally.latencies = Latencies()
            } else if isWarm {
                tally.seconds = passed
                tally.ownSeconds = Double(Self.clock(CLOCK_PROCESS_CPUTIME_ID) - ownStart) / 1e9
                if passed >= seconds { break }
                if Double(now - told) / 1e9 >= Self.tellSeconds {
                    told = now
                    tell(tally)
                }
            }
            let left = (isWarm ? seconds : warmUp) - Double(now - start) / 1e9
            let timeout = CInt((max(0, min(left, Self.tellSeconds)) * 1e3).rounded(.up))
            let count = poll(&polled, nfds_t(polled.count), timeout)
            guard count >= 0 || errno == EINTR else { throw ConnectionError.system(call: "poll", errno: errno) }
            if count > 0 { try serve(buffer) }
        }
        tally.isLost = alive == 0
        return tally
    }

    private mutating func serve(_ buffer: UnsafeMutableRawBufferPointer) throws {
        for index in polled.indices where polled[index].revents != 0 {
            let isWritable = polled[index].revents & Int16(POLLOUT) != 0
            if isWritable { try write(index) }
            if !isWritable || polled[index].revents & ~Int16(POLLOUT) != 0 { try read(index, buffer) }
        }
    }

    private mutating func begin(_ index: Int, _ now: UInt64) throws {
        turns[index] = next
        next = (next + 1) % calls.count
        connections[index].begin(at: now)
        try write(index)
    }

    private mutating func write(_ index: Int) throws {
        let isWhole = try connections[index].write(calls[turns[index]])
        polled[index].events = Int16(POLLIN) | (isWhole ? 0 : Int16(POLLOUT))
    }

    private mutating func read(_ index: Int, _ buffer: UnsafeMutableRawBufferPointer) throws {
        let received = try connections[index].read(buffer)
        switch received {
        case .nothing: return
        case .end:
            // A refusal that ends a connection was counted when it came.
            if !connections[index].wasRefused { count(ConnectionError.closed, as: "closed") }
            polled[index].fd = -1
            alive -= 1
            return
        case .answer, .error:
            let now = Self.clock(CLOCK_MONOTONIC)
            if case .error(let reply) = received {
                count(reply)
            } else {
                tally.latencies.add(now - connections[index].begun)
            }
            try begin(index, now)
        }
    }

    private mutating func count(_ reply: [UInt8]) {
        do {
            let reply = try reply.withUnsafeBytes { bytes in
                Result { () throws(MalformedMessage) in try Reply(parsing: bytes) }
            }.get()
            _ = try reply.parameters(NoParameters.self)
        } catch let error as VarlinkError {
            count(error, as: error.name)
        } catch {
            // Its beginning alone is no message.
            count(ConnectionError.malformed("\(error)"), as: "malformed")
        }
    }

    private mutating func count(_ error: any Error, as name: String) {
        tally.errors[name, default: 0] += 1
        if tally.firstError == nil || tally.firstError is ConnectionError && error is VarlinkError {
            tally.firstError = error
        }
    }

    private static func clock(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static let tellSeconds = 0.25
    /// Set by a signal, on the one thread that there is.
    private nonisolated(unsafe) static var isInterrupted = false
}
