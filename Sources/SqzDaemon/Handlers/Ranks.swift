internal import JobStore
internal import SqzProtocol

extension Handlers {
    /// What is to start a job as several processes; nil for the one that the daemon starts itself.
    func launch(
        _ ranks: Int?, _ launcher: String?, of kind: JobKind, _ runner: String, by peer: Peer
    ) async throws -> Launch? {
        let count = ranks ?? 1
        guard let allowed = kind.ranks else {
            guard launcher == nil, count == 1 else {
                throw SqzError.invalidOption(
                    option: ranks == nil ? "launcher" : "ranks", reason: "\(kind.name) is always one process")
            }
            return nil
        }
        guard allowed.contains(count) else {
            let numbers = allowed.map(String.init).joined(separator: ", ")
            throw SqzError.invalidOption(option: "ranks", reason: "must be one of \(numbers), is \(count)")
        }
        guard launcher != nil || count > 1 else { return nil }
        let launch = Launch(ranks: count, launcher: launcher ?? Launcher.usual)
        _ = try configuration.current.start(launch, of: try await registry.entry(of: runner), by: peer)
        return launch
    }
}
