internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Reads the configuration again at SIGHUP; one that can't be used changes nothing.
struct Reload: Service {
    let hangups: UnixSignalsSequence
    let file: String?
    let configuration: LiveConfiguration
    let registry: RunnerRegistry
    let store: JobStore
    let log: Logger

    func run() async throws {
        for await _ in hangups.cancelOnGracefulShutdown() {
            do {
                let next = try await DaemonConfiguration.load(file: file)
                try Descriptors.check(next)
                configuration.current = next
                try await registry.scan(next)
                try await next.warn(store, log)
                log.info("configuration read again", metadata: ["SQZ_EVENT": "reloaded"])
            } catch {
                log.error("configuration not changed: \(error)", metadata: ["SQZ_EVENT": "reloaded"])
            }
        }
    }
}
