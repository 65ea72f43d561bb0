internal import Glibc
internal import SqzProtocol

/// How many files may be open (RLIMIT_NOFILE), and what the daemon needs them for. A process that has none left can do
/// nothing about it, so what it needs is counted first, and connections get what remains.
package enum Descriptors {
    /// What it has open when nobody asks for anything: 50, most of them its threads' own.
    private static let own = 64
    /// A runner's: three pipes, its process, its log, and one more while it is started.
    private static let runner = 6
    /// Blobs, uploads and directories that calls read and write.
    private static let files = 32
    /// Connections that are about to be told that they are too many. Others are closed.
    static let refusals = 16
    /// With fewer it would be of no use.
    private static let fewestConnections = 16

    /// For everything but connections.
    private static func needed(_ configuration: DaemonConfiguration) -> Int {
        let runners =
            configuration.runningJobs + Limits.loadedModels + Limits.furtherRunners + Limits.imports + Limits.exports
        return own + runner * runners + files + refusals
    }

    static func allowed() throws -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw DaemonError.last("getrlimit", "RLIMIT_NOFILE")
        }
        return Int(min(limit.rlim_cur, 1 << 20))
    }

    /// How many connections may be open, here and now.
    package static func connections(_ configuration: DaemonConfiguration) throws -> Int {
        let allowed = try allowed()
        return min(
            Limits.connections, Int(Double(allowed) * Limits.descriptorShare), allowed - needed(configuration))
    }

    /// Refuses a configuration that needs more of them than there may be.
    static func check(_ configuration: DaemonConfiguration) throws {
        guard try connections(configuration) < fewestConnections else { return }
        throw DaemonError.configuration(
            reason: """
                \(try allowed()) files may be open (RLIMIT_NOFILE), \
                \(needed(configuration) + fewestConnections) must be with runningJobs \(configuration.runningJobs): \
                raise LimitNOFILE= of the service, or ulimit -n
                """)
    }
}
