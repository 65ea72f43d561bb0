import Foundation

/// Functions of the GNU C library that the module Glibc leaves out, as it is made without `_GNU_SOURCE`.
enum GNU {
    /// pidfd_open(2)
    static func openProcess(_ pid: pid_t) throws -> CInt {
        let open = try function("pidfd_open", as: (@convention(c) (pid_t, CUnsignedInt) -> CInt).self)
        let descriptor = open(pid, 0)
        guard descriptor >= 0 else { throw SystemError(call: "pidfd_open") }
        return descriptor
    }

    /// posix_spawn_file_actions_addclosefrom_np(3)
    static func addCloseFrom(_ first: CInt, to actions: inout posix_spawn_file_actions_t) throws {
        let add = try function(
            "posix_spawn_file_actions_addclosefrom_np",
            as: (@convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, CInt) -> CInt).self)
        let code = add(&actions, first)
        guard code == 0 else { throw SystemError(call: "posix_spawn_file_actions_addclosefrom_np", code: code) }
    }

    /// pipe2(2), whose ends no other child inherits.
    static func pipe() throws -> (reading: CInt, writing: CInt) {
        let pipe = try function("pipe2", as: (@convention(c) (UnsafeMutablePointer<CInt>, CInt) -> CInt).self)
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends, O_CLOEXEC) == 0 else { throw SystemError(call: "pipe2") }
        return (ends[0], ends[1])
    }

    private static func function<Function>(_ name: String, as type: Function.Type) throws -> Function {
        guard let symbol = dlsym(nil, name) else { throw SystemError(call: name, code: ENOSYS) }
        return unsafeBitCast(symbol, to: type)
    }
}
