internal import Glibc

/// What the system says of users by name: getpwnam_r(3), getpwuid_r(3).
enum Users {
    /// nil where there is no such user. A number is a uid, whoever has it.
    static func uid(of name: String) throws -> Int? {
        if let uid = try entry(name, { getpwnam_r(name, $0, $1, $2, $3) })?.uid { return Int(uid) }
        // (uid_t) -1 means nobody to the system.
        return UInt32(name).flatMap { $0 < .max ? Int($0) : nil }
    }

    /// A user's name; the number where there is none that a name of a model could begin with.
    static func prefix(of uid: UInt32) throws -> String {
        let name = try entry("uid \(uid)") { getpwuid_r(uid, $0, $1, $2, $3) }?.name
        return name.flatMap { Handlers.isName($0) ? $0 : nil } ?? String(uid)
    }

    private typealias LookUp = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> CInt

    private static func entry(_ what: String, _ lookUp: LookUp) throws -> (uid: UInt32, name: String)? {
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        var user = passwd()
        var found: UnsafeMutablePointer<passwd>?
        let code = lookUp(&user, &buffer, buffer.count, &found)
        // ENOENT and ESRCH are how some say that there is none.
        guard code == 0 || code == ENOENT || code == ESRCH else {
            throw DaemonError.system(call: "getpwnam_r", path: what, errno: code)
        }
        return found.map { ($0.pointee.pw_uid, String(cString: $0.pointee.pw_name)) }
    }
}
