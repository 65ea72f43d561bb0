internal import Synchronization

/// The configuration as it is now: SIGHUP replaces it.
final class LiveConfiguration: Sendable {
    private let value: Mutex<DaemonConfiguration>

    init(_ value: DaemonConfiguration) { self.value = Mutex(value) }

    var current: DaemonConfiguration {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
