import SqzProtocol
public import Testing

/// Gives all tests of a suite one daemon, `TestDaemon.current`, and expects that it ends well after them.
public struct DaemonTrait: SuiteTrait, TestScoping {
    let make: @Sendable () throws -> TestDaemon

    public func scopeProvider(for test: Test, testCase: Test.Case?) -> DaemonTrait? { testCase == nil ? self : nil }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let daemon = try make()
        try await TestDaemon.$current.withValue(daemon) { try await function() }
        try daemon.stop()
    }
}

extension Trait where Self == DaemonTrait {
    /// A daemon of the suite's own, made and filled by `make`.
    public static func daemon(_ make: @escaping @Sendable () throws -> TestDaemon = { try TestDaemon() }) -> Self {
        DaemonTrait(make: make)
    }

    /// One with `Colours`, and a model of them by this name.
    public static func daemon(trained model: String) -> Self {
        daemon {
            let daemon = try TestDaemon()
            try daemon.importColours()
            #expect(try daemon.train(as: model).state == .succeeded)
            return daemon
        }
    }
}

extension TestDaemon {
    /// The daemon of the suite that runs.
    @TaskLocal public static var current: TestDaemon?
}
