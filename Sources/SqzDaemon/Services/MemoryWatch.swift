internal import Logging
internal import ServiceLifecycle
internal import Systemd

/// Gives memory back when systemd says that it gets scarce: models that are loaded but idle go first, for they are loaded
/// again when somebody asks for them.
struct MemoryWatch: Service {
    let warm: WarmRunners
    let log: Logger

    func run() async throws {
        do {
            if let events = try MemoryPressure.events() {
                for await _ in events.cancelOnGracefulShutdown() {
                    let count = await warm.unloadIdle()
                    log.notice(
                        "memory is scarce: \(count) idle models were unloaded", metadata: ["SQZ_EVENT": "pressure"])
                }
            }
        } catch {
            log.warning("memory pressure is not watched: \(error)")
        }
        try await gracefulShutdown()
    }
}
