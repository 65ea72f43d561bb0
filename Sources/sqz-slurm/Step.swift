internal import Dispatch
internal import Glibc
internal import SqzProtocol
internal import Subprocess
internal import Synchronization
internal import SystemPackage
internal import Varlink

/// srun with the ranks on nodes that Slurm has given.
final class Step: Sendable {
    enum Ending: Sendable {
        /// The first rank's last reply, with its NUL.
        case answered([UInt8], stopped: Bool)
        /// It ended without one.
        case lost(String)
    }

    private let file: FramedFile
    private let ours: (reading: FileDescriptor, writing: FileDescriptor)
    private let srun: (reading: FileDescriptor, writing: FileDescriptor)
    private let isOpen = Mutex(true)
    private let words: [String]
    private let daemon: DaemonEnd

    init(_ words: [String], _ daemon: DaemonEnd) throws {
        self.words = words
        self.daemon = daemon
        let (input, output) = (try FileDescriptor.pipe(), try FileDescriptor.pipe())
        for end in [input.writeEnd, output.readEnd] {
            guard fcntl(end.rawValue, F_SETFD, FD_CLOEXEC) == 0 else { throw Errno(rawValue: errno) }
        }
        ours = (output.readEnd, input.writeEnd)
        srun = (input.readEnd, output.writeEnd)
        file = FramedFile(input: output.readEnd.rawValue, output: input.writeEnd.rawValue)
    }

    deinit {
        hangUp()
        // Nothing was written that closing could fail to write.
        close(ours.reading.rawValue)
    }

    /// A message with its NUL. One that has ended is told nothing.
    func send(_ message: [UInt8]) throws {
        do {
            try isOpen.withLock { if $0 { try file.write(message) } }
        } catch ConnectionError.closed {
            // Its end comes as an event.
        }
    }

    /// Lets the first rank know that nobody speaks to it any more, so that it ends.
    func hangUp() {
        isOpen.withLock { isOpen in
            if isOpen { close(ours.writing.rawValue) }
            isOpen = false
        }
    }

    /// Runs it to its end, and hands what the first rank says to sqzd but for the last of it.
    func run() async -> Ending {
        do {
            let outcome = try await Subprocess.run(
                .name("srun"), arguments: Arguments(words),
                input: .fileDescriptor(srun.reading, closeAfterSpawningProcess: true),
                output: .fileDescriptor(srun.writing, closeAfterSpawningProcess: true), error: .currentStandardError
            ) { _ in
                defer { hangUp() }
                return await withCheckedContinuation { continuation in
                    DispatchQueue(label: "sqz-slurm.step").async {
                        continuation.resume(returning: Result { try self.relay() })
                    }
                }
            }
            guard let last = try outcome.closureResult.get() else {
                return .lost("srun ended: \(outcome.terminationStatus)")
            }
            let reply = try last.withUnsafeBytes { try Reply(parsing: $0) }
            let stopped = try reply.error == nil && reply.parameters(RunnerInterface.Run.Reply.self).stopped == true
            return .answered(last + [0], stopped: stopped)
        } catch {
            return .lost("\(error)")
        }
    }

    /// The last reply, without its NUL; nil where none came.
    private func relay() throws -> [UInt8]? {
        while let message = try file.read() {
            // Our own writer puts it first (`Reply.message`).
            guard message.starts(with: #"{"continues":true"#.utf8) else { return message }
            try daemon.write(message + [0])
        }
        return nil
    }
}
