internal import Files
internal import Glibc
internal import SqzProtocol

/// What can be seen without the daemon.
struct MachineFindings {
    /// The daemon's socket.
    let path: String
    /// Whether it is the one that systemd makes.
    private var isSystems: Bool { path == Daemon.systemSocket }

    var all: [Finding] { [socket, group, unit, journal].compactMap { $0 } }

    private var start: String {
        isSystems ? "systemctl enable --now sqzd.socket sqzd.service" : "start sqzd --socket \(path), or give --socket"
    }

    private var socket: Finding {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return .failed("socket", "\(path): \(String(errno: errno))", start)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            return .failed("socket", "\(path) is no socket", "give --socket, or unset SQZD_SOCKET")
        }
        return .ok("socket", path)
    }

    /// Whether this user is of the socket's group.
    private var group: Finding? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        guard geteuid() != 0, geteuid() != status.st_uid else { return .ok("group", "not needed by this user") }
        let name = getgrgid(status.st_gid).map { String(cString: $0.pointee.gr_name) } ?? String(status.st_gid)
        var groups = [gid_t](repeating: 0, count: Int(max(0, getgroups(0, nil))))
        let count = getgroups(CInt(groups.count), &groups)
        if status.st_gid == getegid() || groups.prefix(Int(max(0, count))).contains(status.st_gid) {
            return .ok("group", "this user is in \(name)")
        }
        if access(path, W_OK) == 0 { return .ok("group", "everyone may use the socket") }
        let user = Format.user(Int(getuid()))
        guard status.st_gid != 0 else {
            return .failed("group", "\(user) is not root", "as root: chgrp \(path) to a group that \(user) is in")
        }
        if isListed(user, in: status.st_gid) {
            return .failed("group", "\(user) is in \(name), but this session is older than that", "log in again")
        }
        return .failed("group", "\(user) is not in \(name)", "as root: usermod -aG \(name) \(user); then log in again")
    }

    private func isListed(_ user: String, in gid: gid_t) -> Bool {
        guard var member = getgrgid(gid)?.pointee.gr_mem else { return false }
        while let name = member.pointee {
            if String(cString: name) == user { return true }
            member += 1
        }
        return false
    }

    private var unit: Finding? {
        guard isSystems else { return nil }
        guard access("/run/systemd/system", F_OK) == 0 else { return .ok("unit", "systemd does not run here") }
        let command = ["systemctl", "show", "--property=Id,LoadState,ActiveState", "sqzd.socket", "sqzd.service"]
        guard let text = Self.output(of: command) else {
            return .warning("unit", "systemctl does not answer", "systemctl status sqzd.socket sqzd.service")
        }
        let states = text.split(separator: "\n").filter { !$0.hasPrefix("Id=") }
            .map { $0.drop { $0 != "=" }.dropFirst() }
        guard !states.contains("not-found") else {
            return .failed("unit", "the units are not installed", "install the package, or make install")
        }
        guard !states.contains("failed") else {
            return .failed(
                "unit", "a unit has failed", "journalctl --unit sqzd.service --lines 50; systemctl reset-failed sqzd")
        }
        return .expect(
            "unit", states.contains("active"), states.contains("active") ? "active" : "not active", else: start)
    }

    /// What a program prints; nil where it is not installed, or fails.
    private static func output(of command: [String]) -> String? {
        do throws(StartError) {
            let child = try ChildProcess(command)
            _ = child.finish([])
            var bytes: [UInt8] = []
            while case let part = child.read(), !part.isEmpty { bytes += part }
            return child.wait() == 0 ? String(decoding: bytes, as: UTF8.self) : nil
        } catch {
            return nil
        }
    }

    /// Whether this user may read what the daemon writes.
    private var journal: Finding? {
        guard isSystems, access("/run/systemd/system", F_OK) == 0 else { return nil }
        let isReadable = ["/var/log/journal", "/run/log/journal"].contains { directory in
            do throws(FileError) { return try !Directory.names(in: directory).isEmpty } catch { return false }
        }
        return .expect(
            "journal", isReadable, isReadable ? "this user can read it" : "this user can't read it",
            else: "as root: usermod -aG systemd-journal \(Format.user(Int(getuid()))); sqzctl logs needs none of it")
    }
}
