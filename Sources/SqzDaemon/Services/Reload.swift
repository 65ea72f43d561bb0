internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Asks the runners what they are, beside what else goes on. Reads the configuration again at SIGHUP; one that can't be used
/// changes nothing.
struct Reload: Service {
    let hangups: UnixSignalsSequence
    let file: String?
    let configuration: LiveConfiguration
    let registry: RunnerRegistry
    let programs: [String]
    let store: JobStore
    let housekeeping: Housekeeping
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown { await registry.ask(programs, configuration.current) }
        for await _ in hangups.cancelOnGracefulShutdown() {
            do {
                let next = try await DaemonConfiguration.load(file: file)
                let programs = try RunnerRegistry.programs(next)
                try Descriptors.check(next)
                configuration.current = next
                housekeeping.wake()
                await registry.ask(programs, next)
                try await next.warn(store, log)
                log.info("configuration read again", metadata: ["SQZ_EVENT": "reloaded"])
            } catch {
                log.error("configuration not changed: \(error)", metadata: ["SQZ_EVENT": "reloaded"])
            }
        }
    }
}
