internal import JobStore
internal import ServiceLifecycle
internal import Systemd

/// Tells systemd that the daemon lives: each time after the scheduler and the store, which do the work, have answered.
struct Watchdog: Service {
    let scheduler: Scheduler
    let store: JobStore

    func run() async throws {
        guard let interval = try ServiceManager.watchdogInterval() else {
            try await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    _ = await scheduler.isStopping
                    try await store.check()
                    try ServiceManager.notify("WATCHDOG=1")
                    try await Task.sleep(for: interval / 2)
                } catch {
                    return
                }
            }
        }
    }
}
