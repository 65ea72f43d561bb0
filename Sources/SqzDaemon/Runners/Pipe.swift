internal import Glibc
internal import Synchronization
internal import SystemPackage

/// A pipe whose ends no other child inherits: `Subprocess` closes all but the three standard descriptors in a child, and
/// these are marked for others that might start one.
struct Pipe {
    let reading: Descriptor
    let writing: Descriptor

    init() throws {
        let ends = try FileDescriptor.pipe()
        (reading, writing) = (Descriptor(ends.readEnd), Descriptor(ends.writeEnd))
        for end in [reading, writing] {
            guard fcntl(end.number, F_SETFD, FD_CLOEXEC) == 0 else { throw DaemonError.last("fcntl", "runner") }
        }
    }
}

/// A descriptor that is closed unless it was handed over: a runner whose standard input stays open does not end.
final class Descriptor: Sendable {
    private let descriptor: SystemPackage.FileDescriptor
    private let isOurs = Atomic(true)

    init(_ descriptor: SystemPackage.FileDescriptor) { self.descriptor = descriptor }

    deinit {
        // Nothing was written that closing could fail to write.
        if isOurs.load(ordering: .relaxed) { close(descriptor.rawValue) }
    }

    var number: CInt { descriptor.rawValue }

    /// Gives it to somebody else to close.
    @discardableResult
    func handOver() -> SystemPackage.FileDescriptor {
        isOurs.store(false, ordering: .relaxed)
        return descriptor
    }
}
