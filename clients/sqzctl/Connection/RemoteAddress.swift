/// A daemon on another machine: `ssh://user@box:port/its/socket`, of which all but the machine may be missing.
struct RemoteAddress {
    /// As ssh(1) takes it.
    let destination: String
    /// The daemon's socket there.
    let socket: String

    init(_ text: String) throws(UsageError) {
        func wrong(_ reason: String) -> UsageError {
            UsageError(
                description: "\(text): \(reason); right would be ssh://user@box, also with :port or /its/socket")
        }
        guard text.hasPrefix(Self.scheme) else { throw wrong("is no address of ssh") }
        let rest = text.dropFirst(Self.scheme.count)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.isEmpty else { throw wrong("names no machine") }
        guard authority.allSatisfy({ !$0.isWhitespace }) else { throw wrong("has a blank in it") }
        let path = rest.dropFirst(authority.count)
        // A colon ends a path of ssh's -L, which puts something in place of % and $; what is quoted goes through a shell there.
        guard path.allSatisfy({ !$0.isNewline && !":'\\%$".contains($0) }) else {
            throw wrong("a socket with one of : ' \\ % $ in its path can't be reached this way")
        }
        destination = Self.scheme + authority
        socket = path.count > 1 ? String(path) : Daemon.systemSocket
    }

    static let scheme = "ssh://"
}
