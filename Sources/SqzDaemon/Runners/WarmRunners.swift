internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import SqzProtocol
internal import Varlink

/// Runners that keep a model loaded to classify with it at once: one for each model in use. Calls that wait for the same
/// model go to its runner together. A model that nobody uses for a while is unloaded.
actor WarmRunners: Service {
    private let blobs: Blobs
    private let registry: RunnerRegistry
    private let configuration: LiveConfiguration
    private let log: Logger
    private let loads = AsyncStream.makeStream(of: WarmModel.self)
    /// By the checksum of the model's file. Those that are being unloaded are not here any more.
    private var loaded: [String: WarmModel] = [:]
    private var isStopping = false

    init(blobs: Blobs, registry: RunnerRegistry, configuration: LiveConfiguration, log: Logger) {
        self.blobs = blobs
        self.registry = registry
        self.configuration = configuration
        self.log = log
    }

    /// Serves until the daemon stops.
    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.serveAll() }
            group.addTask {
                // Cancelled means stopping too.
                do { try await gracefulShutdown() } catch {}
                await self.stop()
                // Whoever waits for an answer gets it, unless the runner hangs.
                do { try await Task.sleep(for: Self.patience) } catch {}
            }
            await group.next()
            group.cancelAll()
        }
    }

    private static let patience = Duration.seconds(5)

    private func serveAll() async {
        await withDiscardingTaskGroup { group in
            for await warm in loads.stream {
                group.addTask { await self.serve(warm) }
            }
        }
    }

    private func stop() {
        isStopping = true
        loads.continuation.finish()
        for warm in loaded.values { warm.finish() }
    }

    /// Classifies base64 pictures with a model, loading it if need be. Throws `SqzError`.
    func classify(_ images: [String], top: Int, with model: Model) async throws -> [Classification] {
        guard !isStopping else { throw SqzError.stopping }
        if let warm = loaded[model.sha256] {
            guard !warm.isFull else { throw SqzError.busy(limit: Limits.waitingCalls) }
        } else if loaded.count >= Limits.loadedModels {
            try unloadOne()
        }
        let request = WarmModel.Request(images: images, top: top)
        add([request], to: model)
        return try await request.reply.value
    }

    /// Has requests wait for a model, which is loaded if need be.
    private func add(_ requests: [WarmModel.Request], to model: Model) {
        if let warm = loaded[model.sha256] { return warm.add(requests) }
        let warm = WarmModel(model)
        warm.add(requests)
        loaded[model.sha256] = warm
        loads.continuation.yield(warm)
    }

    /// Unloads the models that nobody waits for; tells how many there were.
    func unloadIdle() -> Int { loaded.values.count(where: unload) }

    /// Ends a model's runner, if nobody uses it; new calls load it anew.
    private func unload(_ warm: WarmModel) -> Bool {
        guard warm.idleSince != nil else { return false }
        warm.finish()
        forget(warm)
        return true
    }

    private func forget(_ warm: WarmModel) {
        // There may be a later one already, while this one's runner ends.
        if loaded[warm.model.sha256] === warm { loaded[warm.model.sha256] = nil }
    }

    /// Makes room by unloading the model that was idle for longest.
    private func unloadOne() throws {
        let idle = loaded.values.compactMap { warm in warm.idleSince.map { (warm, $0) } }
        guard let (oldest, _) = idle.min(by: { $0.1 < $1.1 }), unload(oldest) else {
            throw SqzError.busy(limit: Limits.loadedModels)
        }
    }

    private func serve(_ warm: WarmModel) async {
        let model = warm.model
        let name = "\(model.name)@\(model.version)"
        var failure: any Error = SqzError.stopping
        do {
            let path = try await registry.path(of: model.runner)
            let blobs = blobs
            let journal = RunnerJournal(log, ["SQZ_MODEL": "\(name)"])
            let file = try await onDisk { try blobs.verified(model.sha256, of: "model \(name)") }
            try await RunnerLink.with(path, configuration.current, log: { journal.write($0) }) { link in
                _ = try await link.call(RunnerInterface.Load.self, .init(model: file))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.unloadAfterUse(warm) }
                    try await warm.serve(&link)
                    group.cancelAll()
                }
            }
        } catch {
            log.error("classifying with \(name) failed: \(error)", metadata: ["SQZ_MODEL": "\(name)"])
            failure = error
        }
        let others = warm.close(failure, retries: !isStopping)
        forget(warm)
        if !others.isEmpty { add(others, to: model) }
    }

    /// Returns when the model was idle for so long that it was unloaded.
    private func unloadAfterUse(_ warm: WarmModel) async throws {
        while true {
            let end = warm.idleSince.map { $0 + configuration.current.unloadAfter }
            if let end, end <= .now, unload(warm) { return }
            try await Task.sleep(for: max((end ?? .now) - .now, .seconds(1)))
        }
    }
}
