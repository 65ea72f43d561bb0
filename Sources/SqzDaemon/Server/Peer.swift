internal import Glibc
internal import NIOCore

/// Who is at the other end of a connection: the kernel's word (SO_PEERCRED, unix(7)).
public struct Peer: Hashable, Sendable {
    public let uid: UInt32

    public init(uid: UInt32) { self.uid = uid }

    /// struct ucred
    private struct Credentials: Sendable {
        var pid: Int32 = 0
        var uid: UInt32 = 0
        var gid: UInt32 = 0
    }

    /// The peer of a connected channel.
    static func of(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let credentials: EventLoopFuture<Credentials> = provider.unsafeGetSocketOption(
            level: .init(rawValue: SOL_SOCKET), name: .init(rawValue: SO_PEERCRED))
        return credentials.map { Peer(uid: $0.uid) }
    }

    /// The superuser, the daemon's own user, and the members of `group` may change what is not theirs.
    func isAdministrator(group: String?) throws -> Bool {
        if uid == 0 || uid == geteuid() { return true }
        guard let group else { return false }
        return try Self.members(of: group).contains(uid)
    }

    /// The members of a group by name, from getgrnam_r(3) and getpwnam_r(3).
    private static func members(of name: String) throws -> Set<UInt32> {
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        let code = getgrnam_r(name, &entry, &buffer, buffer.count, &found)
        guard code == 0 else { throw DaemonError.system(call: "getgrnam_r", path: name, errno: code) }
        guard found != nil else { throw DaemonError.configuration(reason: "there is no group \(name)") }
        var members: Set<UInt32> = []
        var next = entry.gr_mem
        while let member = next?.pointee {
            if let user = getpwnam(member) { members.insert(user.pointee.pw_uid) }
            next = next?.successor()
        }
        return members
    }
}
