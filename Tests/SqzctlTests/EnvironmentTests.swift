import Foundation
import TestSupport
import Testing

/// Where the client looks for the daemon.
@Suite struct EnvironmentTests {
    @Test(.enabled(if: access("/run/sqzd/io.sqzd", F_OK) != 0, "a daemon of the system's runs"))
    func anEmptyVariableIsOneThatIsNotSet() throws {
        let scratch = try ScratchDirectory()
        try FileManager.default.createDirectory(atPath: scratch["sqzd"], withIntermediateDirectories: false)
        let daemon = try TestDaemon(runners: [], socket: scratch["sqzd/io.sqzd"])
        let transcript = try Transcript.run(
            [Sqzctl.path, "info"], environment: ["SQZD_SOCKET": "", "XDG_RUNTIME_DIR": scratch.path])
        transcript.expect(0)
        try daemon.stop()
    }
}
