internal import JobStore
internal import Logging
internal import SqzProtocol

/// Promotes the best models of sweeps that have ended. Which they are, the store has chosen; here they are verified and loaded
/// before their name means them, as Promote does it.
actor BestOfSweeps {
    private let store: JobStore
    private let warm: WarmRunners
    private let configuration: LiveConfiguration
    private let log: Logger
    private var isBusy = false
    /// Somebody asked while it was busy.
    private var isAsked = false

    init(store: JobStore, warm: WarmRunners, configuration: LiveConfiguration, log: Logger) {
        self.store = store
        self.warm = warm
        self.configuration = configuration
        self.log = log
    }

    /// Promotes all that is due.
    func promote() async {
        isAsked = true
        guard !isBusy else { return }
        isBusy = true
        defer { isBusy = false }
        while isAsked {
            isAsked = false
            do {
                while let due = try await store.duePromotion(), try await promote(due) {}
            } catch {
                // What is due stays on disk.
                log.error("the best model of a sweep is not promoted yet: \(error)")
            }
        }
    }

    /// Tells whether it is settled; else it is tried again when something has changed.
    private func promote(_ due: DuePromotion) async throws -> Bool {
        let (name, model) = (due.sweep.name, "\(due.model.name)@\(due.model.version)")
        let publisher = Publisher(Peer(uid: UInt32(due.sweep.uid)), configuration)
        do {
            guard try due.model.owner == due.sweep.uid || publisher.isAdministrator() else {
                throw SqzError.invalidOption(
                    option: "model", reason: "the name \(due.model.name) belongs to uid \(due.model.owner ?? 0) now")
            }
            try await warm.load(due.model)
        } catch SqzError.busy, SqzError.stopping {
            return false
        } catch {
            let reason = "\(model) is the best, and can't be promoted: \(error)".shortened
            log.error("sweep \(name): \(reason)", metadata: ["SQZ_MODEL": "\(model)"])
            try await store.dropPromotion(of: name, reason)
            return true
        }
        guard let meaning = try await store.promoteBest(due) else { return true }
        await warm.keepPinned()
        log.info(
            """
            \(meaning.model) is promoted, the best of sweep \(name)\(meaning.before.map { "; before it was \($0)" } ?? "")
            """,
            metadata: [
                "SQZ_MODEL": "\(meaning.model)", "SQZ_UID": "\(due.sweep.uid)", "SQZ_EVENT": "promoted",
            ])
        return true
    }
}
