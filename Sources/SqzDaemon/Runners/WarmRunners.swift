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
    private let loads = AsyncStream.makeStream(of: Load.self)
    /// By the checksum of the model's file.
    private var slots: [String: Slot] = [:]
    private var lastSlot = 0
    private var isStopping = false

    /// A model that is to be loaded for a slot.
    private struct Load {
        let model: Model
        let slot: Int
    }

    private struct Slot {
        /// Tells it from an earlier one of the same model, whose runner may still be ending.
        let id: Int
        var waiting: [Request] = []
        var lastUse = ContinuousClock.now
        /// Requests that its runner works on.
        var inHand = 0
        /// The runner ended, or broke, while it had requests: others that wait are not to suffer for them.
        var hasFailed = false
        /// Has an element when something waits; ends when the model is to be unloaded.
        let signal = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

        var isIdle: Bool { waiting.isEmpty && inHand == 0 }
    }

    private struct Request {
        let images: [String]
        let top: Int
        let reply: PendingReply
        /// Runners that did not survive it.
        var failures = 0
    }

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
            for await load in loads.stream {
                group.addTask { await self.serve(load) }
            }
        }
    }

    private func stop() {
        isStopping = true
        loads.continuation.finish()
        for slot in slots.values { slot.signal.continuation.finish() }
    }

    /// Classifies base64 pictures with a model, loading it if need be. Throws `SqzError`.
    func classify(_ images: [String], top: Int, with model: Model) async throws -> [Classification] {
        guard !isStopping else { throw SqzError.stopping }
        let waiting = slots[model.sha256]?.waiting.count ?? 0
        guard waiting < Limits.waitingCalls else { throw SqzError.busy(limit: Limits.waitingCalls) }
        if slots[model.sha256] == nil, slots.count >= Limits.loadedModels { try unloadOne() }
        let reply = PendingReply()
        add([Request(images: images, top: top, reply: reply)], to: model)
        return try await reply.value
    }

    private var idle: [String: Slot] { slots.filter { $0.value.isIdle } }

    /// Unloads the models that nobody waits for; tells how many there were.
    func unloadIdle() -> Int {
        let idle = idle
        for sha256 in idle.keys { unload(sha256) }
        return idle.count
    }

    /// Ends a model's runner once it has answered; new calls load the model anew.
    private func unload(_ sha256: String) {
        slots.removeValue(forKey: sha256)?.signal.continuation.finish()
    }

    /// Makes room by unloading the model that was idle for longest.
    private func unloadOne() throws {
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            throw SqzError.busy(limit: Limits.loadedModels)
        }
        unload(oldest.key)
    }

    /// The requests that wait for a model, as many as fit one batch.
    private func takeBatch(of load: Load) -> [Request] {
        let sha256 = load.model.sha256
        guard let slot = slots[sha256], slot.id == load.slot, let first = slot.waiting.first else { return [] }
        let waiting = slot.waiting
        var count = 0
        var images = 0
        while count < waiting.count, waiting[count].top == first.top,
            count == 0 || images + waiting[count].images.count <= Limits.imagesPerBatch
        {
            images += waiting[count].images.count
            count += 1
        }
        slots[sha256]?.waiting.removeFirst(count)
        slots[sha256]?.inHand = count
        return Array(waiting[..<count])
    }

    private func serve(_ load: Load) async {
        let model = load.model
        guard let slot = slots[model.sha256], slot.id == load.slot else { return }
        let signal = slot.signal.stream
        let name = "\(model.name)@\(model.version)"
        var failure: any Error = SqzError.stopping
        do {
            let path = try registry.path(of: model.runner)
            let (blobs, log) = (blobs, log)
            let file = try await onDisk { try blobs.verified(model.sha256, of: "model \(name)") }
            try await RunnerLink.with(
                path, configuration.current,
                log: { log.info("\($0)", metadata: ["SQZ_MODEL": "\(name)"]) }
            ) { link in
                _ = try await link.call(RunnerInterface.Load.self, .init(model: file))
                try await self.classifyWhileUsed(&link, load, signal)
            }
        } catch {
            log.error("classifying with \(name) failed: \(error)", metadata: ["SQZ_MODEL": "\(name)"])
            failure = error
        }
        guard let slot = slots[model.sha256], slot.id == load.slot else { return }
        slots[model.sha256] = nil
        // A runner may have been killed while it was idle: one that comes twice to such an end with a request was not.
        let isToGoOn = slot.hasFailed && !isStopping
        let others = slot.waiting.filter { isToGoOn && $0.failures < 2 }
        for request in slot.waiting where !isToGoOn || request.failures >= 2 {
            request.reply.resume(with: .failure(failure))
        }
        if !others.isEmpty { add(others, to: model) }
    }

    /// Has requests wait for a model, which is loaded if need be.
    private func add(_ requests: [Request], to model: Model) {
        if slots[model.sha256] == nil {
            lastSlot += 1
            slots[model.sha256] = Slot(id: lastSlot)
            loads.continuation.yield(Load(model: model, slot: lastSlot))
        }
        slots[model.sha256]!.waiting += requests
        slots[model.sha256]!.lastUse = .now
        slots[model.sha256]!.signal.continuation.yield()
    }

    private nonisolated func classifyWhileUsed(
        _ link: inout RunnerLink, _ load: Load, _ signal: AsyncStream<Void>
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while let rest = await self.timeToUnload(load) { try await Task.sleep(for: rest) }
            }
            for await _ in signal {
                while case let batch = await takeBatch(of: load), !batch.isEmpty {
                    try await answer(batch, &link, load)
                }
            }
            group.cancelAll()
        }
    }

    /// How long an idle model still stays; nil when it is over, and new calls load it anew.
    private func timeToUnload(_ load: Load) -> Duration? {
        guard let slot = slots[load.model.sha256], slot.id == load.slot else { return nil }
        let rest = configuration.current.unloadAfter - (ContinuousClock.now - slot.lastUse)
        guard rest <= .zero, slot.isIdle else { return max(rest, .seconds(1)) }
        unload(load.model.sha256)
        return nil
    }

    /// Answers requests. Those that the runner did not survive, or could not answer, wait again.
    private nonisolated func answer(_ batch: [Request], _ link: inout RunnerLink, _ load: Load) async throws {
        do {
            let images = batch.flatMap(\.images)
            var results = try await link.call(RunnerInterface.Classify.self, .init(images: images, top: batch[0].top))
                .results[...]
            guard results.count == images.count else { throw SqzError.runnerFailed(reason: "it left pictures out") }
            await settle(batch.count, of: load)
            for request in batch {
                request.reply.resume(with: .success(Array(results.prefix(request.images.count))))
                results = results.dropFirst(request.images.count)
            }
        } catch let error as SqzError where error.isBadImage {
            guard batch.count > 1 else {
                await settle(1, of: load)
                return batch[0].reply.resume(with: .failure(error))
            }
            // One caller's bad picture is not the others' trouble.
            for (place, request) in batch.enumerated() {
                do {
                    try await answer([request], &link, load)
                } catch {
                    await putBack(batch[(place + 1)...], failed: false, to: load)
                    throw error
                }
            }
        } catch {
            await putBack(batch, failed: true, to: load)
            throw error
        }
    }

    /// So many requests are about to be answered: whoever has the reply may count on the model's being idle.
    private func settle(_ count: Int, of load: Load) {
        if slots[load.model.sha256]?.id == load.slot { slots[load.model.sha256]!.inHand -= count }
    }

    private func putBack(_ requests: some Collection<Request>, failed: Bool, to load: Load) {
        let sha256 = load.model.sha256
        guard slots[sha256]?.id == load.slot else {
            for request in requests { request.reply.resume(with: .failure(SqzError.stopping)) }
            return
        }
        slots[sha256]!.hasFailed = true
        slots[sha256]!.inHand -= requests.count
        let again = requests.map { request in
            var request = request
            request.failures += failed ? 1 : 0
            return request
        }
        slots[sha256]!.waiting.insert(contentsOf: again, at: 0)
    }
}

extension SqzError {
    fileprivate var isBadImage: Bool { if case .badImage = self { true } else { false } }
}
