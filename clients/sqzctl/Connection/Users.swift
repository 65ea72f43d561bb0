internal import Glibc

/// What this machine says of users, who are others on the daemon's if that is another.
enum Users {
    /// A user's uid by name or number.
    static func uid(of user: String) throws -> Int {
        if !RemoteHost.isUsed, let entry = getpwnam(user) { return Int(entry.pointee.pw_uid) }
        guard let uid = UInt32(user) else {
            throw UsageError(
                description: RemoteHost.isUsed
                    ? "user \(user): another machine's users are known by their numbers; right would be such as 1000"
                    : "there is no user \(user) on this machine")
        }
        return Int(uid)
    }
}
