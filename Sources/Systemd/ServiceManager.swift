internal import CSystemd
internal import Files
internal import Glibc

/// What systemd and a service tell each other (sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3)). All of it does
/// nothing where systemd did not start the process.
public enum ServiceManager {
    /// The descriptor of the passed socket that has this name, or the only one that was passed. The environment variables
    /// that tell of it are removed, so that no child takes it for its own.
    public static func listener(named name: String) throws -> CInt? {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count >= 0 else { throw SystemdError(call: "sd_listen_fds_with_names", code: -count) }
        guard count > 0, let names else { return nil }
        defer {
            for index in 0..<Int(count) { free(names[index]) }
            free(names)
        }
        for index in 0..<Int(count) where count == 1 || names[index].map({ String(cString: $0) }) == name {
            return firstDescriptor + CInt(index)
        }
        return nil
    }

    /// SD_LISTEN_FDS_START
    private static let firstDescriptor: CInt = 3

    /// Tells the service manager something: `READY=1`, `STATUS=…`, lines of it.
    public static func notify(_ state: String) throws {
        let result = sd_notify(0, state)
        guard result >= 0 else { throw SystemdError(call: "sd_notify", code: -result) }
    }

    /// How often `WATCHDOG=1` must come at least; nil where nobody waits for it.
    public static func watchdogInterval() throws -> Duration? {
        var microseconds: UInt64 = 0
        let result = sd_watchdog_enabled(0, &microseconds)
        guard result >= 0 else { throw SystemdError(call: "sd_watchdog_enabled", code: -result) }
        return result > 0 ? .microseconds(Int64(microseconds)) : nil
    }
}

/// A failed call of libsystemd.
public struct SystemdError: Error, CustomStringConvertible {
    public let call: String
    public let code: CInt

    public var description: String { "\(call): \(String(errno: code))" }
}
