import Foundation

/// A user who is neither root nor the one that runs the tests.
public enum OtherUser {
    /// nobody, on Debian.
    public static let uid = 65_534

    /// Words before the command line of what is to run as this user.
    public static let launcher = ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups"]

    /// Whether this process may become that user, and that user may run what was built.
    public static let isAvailable: Bool = {
        guard geteuid() == 0 else { return false }
        do {
            return try Transcript.run(launcher + ["\(TestDaemon.programs)/sqzctl", "--version"]).ending == .exited(0)
        } catch {
            return false
        }
    }()
}
