internal import Glibc

/// Who is at the other end of a connection: the kernel's word (SO_PEERCRED, unix(7)).
public struct Peer: Hashable, Sendable {
    public let uid: UInt32

    public init(uid: UInt32) { self.uid = uid }

    /// Who is connected to a socket.
    init(at socket: CInt) throws(DaemonError) { uid = try Self.credentials(of: socket, "a connection").uid }

    /// The process at the other end, its user and its group (struct ucred). Of a process in another namespace pid is 0.
    static func credentials(
        of socket: CInt, _ path: String
    ) throws(DaemonError) -> (pid: Int32, uid: UInt32, gid: UInt32) {
        var credentials: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else {
            throw .last("getsockopt", path)
        }
        return credentials
    }

    /// The superuser, the daemon's own user, and the members of `group` may change what is not theirs.
    func isAdministrator(group: String?) throws -> Bool {
        if uid == 0 || uid == geteuid() { return true }
        guard let group else { return false }
        // There was a warning of a group that there is not.
        return try Self.members(of: group)?.contains(uid) ?? false
    }

    /// Whether one of these is it: a user's name, or a group's with @ before, that it is a member of.
    func isAmong(_ names: [String]) throws -> Bool {
        try names.contains { name in
            guard name.hasPrefix("@") else { return try Users.uid(of: name) == Int(uid) }
            return try Self.members(of: String(name.dropFirst()))?.contains(uid) ?? false
        }
    }

    /// The members of a group by name, from getgrnam_r(3) and getpwnam_r(3); nil where there is no such group.
    static func members(of name: String) throws -> Set<UInt32>? {
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        let code = getgrnam_r(name, &entry, &buffer, buffer.count, &found)
        // ENOENT and ESRCH are how some say that there is none.
        guard code == 0 || code == ENOENT || code == ESRCH else {
            throw DaemonError.system(call: "getgrnam_r", path: name, errno: code)
        }
        guard found != nil else { return nil }
        var members: Set<UInt32> = []
        var accountBuffer = [CChar](repeating: 0, count: buffer.count)
        var next = entry.gr_mem
        while let member = next?.pointee {
            var user = passwd()
            var account: UnsafeMutablePointer<passwd>?
            let code = getpwnam_r(member, &user, &accountBuffer, accountBuffer.count, &account)
            guard code == 0 || code == ENOENT || code == ESRCH else {
                throw DaemonError.system(call: "getpwnam_r", path: String(cString: member), errno: code)
            }
            if account != nil { members.insert(user.pw_uid) }
            next = next?.successor()
        }
        return members
    }
}
