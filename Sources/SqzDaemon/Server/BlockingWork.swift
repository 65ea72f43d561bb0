internal import NIOPosix

/// Does blocking work (files, checksums) on a thread that may wait, and suspends meanwhile.
func onDisk<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
}
