internal import CSqueezeKernels

/// The threads that compute; never Swift's cooperative pool. The calling thread is one of them.
final class ComputePool {
    static let allowedThreads = 1...256

    let threads: Int
    private let pool: OpaquePointer

    /// - Throws: `EngineError.threads` or `.outOfMemory`.
    init(threads: Int) throws(EngineError) {
        guard Self.allowedThreads.contains(threads) else {
            throw .threads(threads, allowed: Self.allowedThreads)
        }
        guard let pool = sqz_pool_create(Int32(threads)) else { throw .outOfMemory(bytes: 0) }
        self.threads = threads
        self.pool = pool
    }

    deinit {
        sqz_pool_destroy(pool)
    }

    private typealias Body = (_ task: Int, _ thread: Int) -> Void

    /// Runs every task in 0..<tasks on whichever thread is free, and returns when all are done.
    func run(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
        withContext(body) { sqz_pool_run(pool, Int32(tasks), Self.call, $0) }
    }

    private static let call: @convention(c) (UnsafeMutableRawPointer, Int32, Int32) -> Void = { context, task, thread in
        context.assumingMemoryBound(to: Body.self).pointee(Int(task), Int(thread))
    }

    /// Runs `body` on every thread at once; there they may wait for each other.
    func runTeam(_ body: (Team) -> Void) {
        withContext { _, thread in
            body(Team(thread: thread, threads: threads, pool: threads > 1 ? pool : nil))
        } _: {
            sqz_pool_run_team(pool, Self.call, $0)
        }
    }

    /// A closure as the context of a C callback, for the time of `call` only.
    private func withContext(_ body: Body, _ call: (UnsafeMutableRawPointer) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { call(UnsafeMutableRawPointer(mutating: $0)) }
        }
    }
}
