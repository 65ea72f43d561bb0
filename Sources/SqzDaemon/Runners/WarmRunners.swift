internal import Glibc
internal import JobStore
internal import Logging
internal import ServiceLifecycle
internal import SqzProtocol
internal import Synchronization
internal import Varlink

/// Runners that keep a model loaded to classify with it at once: one for each model in use, or as many as its settings say. Calls
/// that wait for the same model go to its runner together. A model that nobody uses for a while is unloaded, unless its name is pinned.
actor WarmRunners: Service {
    private let store: JobStore
    private let blobs: Blobs
    private let registry: RunnerRegistry
    private let configuration: LiveConfiguration
    private let log: Logger
    /// What is counted of all that.
    nonisolated let serving = ServingMetrics()
    /// Runners that are to be started, by the model and which of its runners it is.
    private let starts = AsyncStream.makeStream(of: (WarmModel, place: Int).self)
    /// How many runners there are beyond the first of each model.
    private var further = 0
    /// By the checksum of the model's file. Those that are being unloaded are not here any more.
    private var loaded: [String: WarmModel] = [:] { didSet { known.withLock { $0 = loaded } } }
    /// The same, for those who take no turn.
    private nonisolated let known = Mutex<[String: WarmModel]>([:])
    /// Those that stay loaded.
    private var pinned: Set<String> = []
    /// How often it was looked what those are.
    private var looks = 0
    private var isStopping = false

    init(store: JobStore, blobs: Blobs, registry: RunnerRegistry, configuration: LiveConfiguration, log: Logger) {
        self.store = store
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
                await self.keepPinned()
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
            for await (warm, place) in starts.stream {
                group.addTask {
                    if place == 0 { await self.serve(warm) } else { await self.help(warm, at: place) }
                }
            }
        }
    }

    private func stop() {
        isStopping = true
        starts.continuation.finish()
        for warm in loaded.values { warm.finish() }
    }

    /// Classifies pictures, plain text each, with a model, loading it if need be. Throws `SqzError`.
    ///
    /// - Parameters:
    ///   - flips: with each one's mirror image.
    ///   - uid: of who wants it.
    ///   - deadline: by when they must have been begun, and after how many milliseconds that is.
    ///   - timings: the answer is to say where the time went.
    nonisolated func classify(
        _ images: [String], top: Int, flips: Bool = false, with model: Model, for uid: UInt32,
        by deadline: (ContinuousClock.Instant, timeout: Int)? = nil, timings: Bool = false
    ) async throws -> WarmModel.Answer {
        let request = WarmModel.Request(images: images, top: top, flips: flips, uid: uid, timings: timings)
        if try !add(request, to: model) { try await ask(request, of: model) }
        guard let deadline else { return try await request.reply.value }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(until: deadline.0)
                request.reply.resume(
                    with: .failure(SqzError.timedOut(timeout: deadline.timeout)), unlessBegun: true)
            }
            defer { group.cancelAll() }
            return try await request.reply.value
        }
    }

    /// Has a request wait for its model, if that is loaded; gives false where it is not. Throws `SqzError.busy`.
    nonisolated func add(_ request: WarmModel.Request, to model: Model) throws(SqzError) -> Bool {
        guard let warm = known.withLock({ $0[model.sha256] }) else { return false }
        return try warm.add(request)
    }

    private func ask(_ request: WarmModel.Request, of model: Model) throws {
        guard !isStopping else { throw SqzError.stopping }
        if try loaded[model.sha256]?.add(request) == true { return }
        if loaded[model.sha256] == nil, loaded.count >= Limits.loadedModels { try unloadOne() }
        load(model, for: [request])
    }

    /// The checksums of the models that have a runner, or are about to.
    nonisolated var files: Set<String> { known.withLock { Set($0.keys) } }

    /// Returns when a model is loaded. Throws `SqzError` where it can't be.
    func load(_ model: Model) async throws {
        _ = try await classify([], top: Limits.classesNamed, with: model, for: getuid())
    }

    /// Ends the runner of a model that is not in use. Throws `SqzError.invalidOption`.
    func unload(_ model: Model) throws {
        func refusal(_ reason: String) -> SqzError {
            .invalidOption(option: "model", reason: "\(model.name)@\(model.version) \(reason)")
        }
        guard let warm = loaded[model.sha256] else { throw refusal("is not loaded") }
        guard !pinned.contains(model.sha256) else { throw refusal("is pinned; unpin it before") }
        guard unload(warm) else { throw refusal("is in use; try again") }
    }

    /// A model was removed: its runner goes, now if it is idle, else when it has been for a while.
    func forget(_ model: Model) {
        serving.forget(model)
        _ = loaded[model.sha256].map(unload)
    }

    /// A name's models are called something else now: their runners answer what waits and end, and others are loaded by the new name,
    /// with its settings.
    func renamed(_ name: String) async {
        serving.forget(name)
        for warm in loaded.values where warm.model.name == name {
            warm.finish()
            forget(warm)
        }
        await keepPinned()
    }

    /// Loads what pinned names mean now, and keeps it; what they meant before goes when nobody uses it.
    func keepPinned() async {
        do {
            looks += 1
            let look = looks
            let models = try await store.pinned()
            // Who has looked later knows better.
            guard look == looks else { return }
            pinned = Set(models.map(\.sha256))
            // What can't be loaded is told of in the log, and tried again with the next call.
            for model in models where loaded[model.sha256] == nil && !isStopping {
                try ask(WarmModel.Request(images: [], top: Limits.classesNamed, uid: getuid()), of: model)
            }
        } catch {
            log.error("what is pinned could not be loaded: \(error)")
        }
    }

    /// Starts a runner for requests, in the place of one that takes no more.
    private func load(_ model: Model, for requests: [WarmModel.Request]) {
        let warm = WarmModel(model, serving, for: requests)
        loaded[model.sha256] = warm
        starts.continuation.yield((warm, place: 0))
    }

    /// A name's models are served like that from now on.
    func apply(_ settings: ServingSettings, to name: String) {
        for warm in loaded.values where warm.model.name == name {
            warm.apply(settings)
            addRunners(to: warm)
        }
    }

    /// Starts the further runners that a model is to have and has not, as far as there is room for them.
    private func addRunners(to warm: WarmModel) {
        for place in 1..<Limits.runnersPerModel.upperBound
        where !isStopping && further < Limits.furtherRunners && warm.begin(at: place) {
            further += 1
            starts.continuation.yield((warm, place))
        }
    }

    /// Unloads the models that nobody waits for; tells how many there were.
    func unloadIdle() -> Int { loaded.values.count(where: unload) }

    /// Ends a model's runner, if nobody uses it and it is not to stay; new calls load it anew.
    private func unload(_ warm: WarmModel) -> Bool {
        guard !pinned.contains(warm.model.sha256), warm.finishIfIdle() else { return false }
        forget(warm)
        return true
    }

    private func forget(_ warm: WarmModel) {
        // There may be a later one already, while this one's runner ends.
        if loaded[warm.model.sha256] === warm { loaded[warm.model.sha256] = nil }
    }

    /// Makes room by unloading the model that was idle for longest.
    private func unloadOne() throws {
        let others = loaded.values.filter { !pinned.contains($0.model.sha256) }
        let idle = others.compactMap { warm in warm.idleSince.map { (warm, $0) } }
        guard let (oldest, _) = idle.min(by: { $0.1 < $1.1 }), unload(oldest) else {
            throw SqzError.busy(limit: Limits.loadedModels, place: nil, seconds: nil)
        }
    }

    private func serve(_ warm: WarmModel) async {
        var failure: any Error = SqzError.stopping
        do {
            warm.apply(try await store.serving(of: warm.model.name))
            try await run(warm, at: 0)
        } catch {
            tell(error, of: warm)
            failure = error
        }
        let others = warm.close(failure, retries: !isStopping)
        forget(warm)
        if !others.isEmpty { go(on: others, with: warm.model) }
    }

    /// Has a further runner work on what waits for a model, and another one in its place, if it ends, when there is work again.
    private func help(_ warm: WarmModel, at place: Int) async {
        repeat {
            do { try await run(warm, at: place) } catch { tell(error, of: warm) }
        } while await warm.needsAnother(at: place)
        warm.end(at: place)
        further -= 1
        // Another model may have waited for the room.
        for warm in loaded.values { addRunners(to: warm) }
    }

    private func tell(_ error: any Error, of warm: WarmModel) {
        let name = "\(warm.model.name)@\(warm.model.version)"
        log.error("classifying with \(name) failed: \(error)", metadata: ["SQZ_MODEL": "\(name)"])
    }

    /// Starts a runner, loads the model and serves until nothing more comes.
    private func run(_ warm: WarmModel, at place: Int) async throws {
        let model = warm.model
        let name = "\(model.name)@\(model.version)"
        let path = try await registry.path(of: model.runner)
        let blobs = blobs
        let journal = RunnerJournal(log, ["SQZ_MODEL": "\(name)"])
        let file = try await onDisk { try blobs.verified(model.sha256, of: "model \(name)") }
        try await RunnerLink.with(path, configuration.current, onItsLoop: true, log: { journal.write($0) }) { link in
            _ = try await link.call(RunnerInterface.Load.self, .init(model: file))
            self.serving.addLoad(of: model)
            if place == 0 { await self.addRunners(to: warm) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                if place == 0 { group.addTask { try await self.unloadAfterUse(warm) } }
                try await warm.serve(&link, at: place, on: link.executor)
                group.cancelAll()
            }
        }
    }

    /// Has requests that a runner left wait for the next one.
    private func go(on requests: [WarmModel.Request], with model: Model) {
        if loaded[model.sha256]?.takeOver(requests) != true { load(model, for: requests) }
    }

    /// Returns when the model was idle for so long that it was unloaded.
    private func unloadAfterUse(_ warm: WarmModel) async throws {
        while true {
            let change = warm.nextSettings()
            let isPinned = pinned.contains(warm.model.sha256)
            let keep = warm.settings.keep.map { Duration.seconds($0) } ?? configuration.current.unloadAfter
            let start = isPinned ? .now : warm.idleSince
            let end = start.map { $0 + keep }
            if let end, end <= .now, unload(warm) { return }
            let pause = max((end ?? .now) - .now, .seconds(1))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await Task.sleep(for: pause) }
                group.addTask { try await change.value }
                try await group.next()
                group.cancelAll()
            }
        }
    }
}
