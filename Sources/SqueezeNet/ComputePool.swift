internal import CSqueezeKernels

/// The threads that compute; never Swift's cooperative pool. The calling thread is one of them. Denormal numbers are zeros to what
/// they run: so all that is computed with weights is run here, be it one task.
final class ComputePool {
    static let allowedThreads = 1...Int(SQZ_LARGEST_POOL)

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

    /// Has the threads look out for work for a moment, so that they are awake when it comes. From any thread.
    func rouse() { sqz_pool_rouse(pool) }

    private typealias TaskBody = (_ task: Int, _ thread: Int) -> Void
    private typealias ShareBody = (_ round: Int, _ share: Int, _ thread: Int) -> Void

    /// Runs every task in 0..<tasks on whichever thread is free, and returns when all are done.
    func run(_ tasks: Int, _ body: (_ task: Int, _ thread: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { context in
                sqz_pool_run(
                    pool, Int32(tasks),
                    { context, task, thread in
                        context.assumingMemoryBound(to: TaskBody.self).pointee(Int(task), Int(thread))
                    }, UnsafeMutableRawPointer(mutating: context))
            }
        }
    }

    /// Runs rounds one after the other, in each as many shares as there are threads, each on its own thread if that is free in
    /// time: what it wrote in the last round is in its cache.
    func share(rounds: Int, _ body: (_ round: Int, _ share: Int, _ thread: Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: body) { context in
                sqz_pool_share(
                    pool, Int32(rounds),
                    { context, round, share, thread in
                        context.assumingMemoryBound(to: ShareBody.self).pointee(Int(round), Int(share), Int(thread))
                    }, UnsafeMutableRawPointer(mutating: context))
            }
        }
    }
}
