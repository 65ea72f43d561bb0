internal import Glibc

/// Threads that live as long as one piece of work: who waits for the next has none of them.
public enum Threads {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs `own` in the calling thread and `others` in the rest of `count`, and returns when all have. Where there is no further
    /// thread to be had, those that there are do the work.
    public static func run(_ count: Int, others: @escaping @Sendable () -> Void, own: () -> Void) {
        let work = Work(others)
        var helpers: [pthread_t] = []
        while helpers.count + 1 < count {
            var helper = pthread_t()
            let context = Unmanaged.passRetained(work)
            let code = pthread_create(
                &helper, nil,
                { context in
                    Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().body()
                    return nil
                }, context.toOpaque())
            guard code == 0 else {
                context.release()
                break
            }
            helpers.append(helper)
        }
        own()
        for helper in helpers { pthread_join(helper, nil) }
    }
}
