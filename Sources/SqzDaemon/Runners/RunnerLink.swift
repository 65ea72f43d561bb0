internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import SqzProtocol
internal import Subprocess
internal import Synchronization
internal import SystemPackage
internal import Varlink

/// A running runner: Varlink over its standard input and output, with the daemon as the client. For one task at a time.
struct RunnerLink {
    private var replies: NIOAsyncChannelInboundStream<Frame>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    /// What any task may do to the runner.
    let control: Control

    /// Stops a runner from another task than the one that talks to it.
    struct Control: Sendable {
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        fileprivate let signal: @Sendable (CInt) throws -> Void

        /// Asks the runner to end its run at the next step, with a checkpoint.
        func stop() async throws {
            try await outbound.write(
                ByteBuffer(bytes: try Call.message(RunnerInterface.Stop.self, NoParameters(), mode: .oneway)))
        }

        func terminate() throws { try signal(SIGTERM) }
        func kill() throws { try signal(SIGKILL) }
    }

    /// The reply to one call.
    mutating func call<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) async throws -> M.Reply {
        try await send(method, parameters, .one)
        return try await next(method).parameters
    }

    /// Calls with `more` and hands over every reply, the last one included.
    mutating func stream<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, _ body: (M.Reply) async throws -> Void
    ) async throws {
        try await send(method, parameters, .more)
        while true {
            let reply = try await next(method)
            try await body(reply.parameters)
            if !reply.continues { return }
        }
    }

    private func send<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters, _ mode: ReplyMode) async throws {
        do {
            try await outbound.write(ByteBuffer(bytes: try Call.message(method, parameters, mode: mode)))
        } catch is IOError {
            throw RunnerEnded()
        } catch is ChannelError {
            throw RunnerEnded()
        }
    }

    private mutating func next<M: VarlinkMethod>(
        _ method: M.Type
    ) async throws -> (parameters: M.Reply, continues: Bool) {
        guard let message = try await replies.next(isolation: nil) else { throw RunnerEnded() }
        let reply = try message.reply()
        do {
            return (try reply.parameters(M.Reply.self), reply.continues)
        } catch let error as VarlinkError {
            throw SqzError(error) ?? SqzError.runnerFailed(reason: "\(error)")
        }
    }
}

/// The runner ended while something was expected of it; why, its end tells.
struct RunnerEnded: Error {}

/// The runner was killed by a signal, or exited, before it had said what it came to.
struct RunnerCrash: Error, CustomStringConvertible {
    let reason: String

    /// What clients are told.
    var error: SqzError { .runnerFailed(reason: reason) }
    var description: String { "\(error)" }
}

/// What a runner's standard error tells of its end.
private final class LastWords: Sendable {
    private let line = Mutex<String?>(nil)

    func hear(_ line: String) {
        if RunnerMemory.tellsOfWant(line) { self.line.withLock { $0 = line } }
    }

    /// The last line in which it told that it had no memory.
    var ofMemory: String? { line.withLock { $0 } }
}

extension RunnerLink {
    /// Starts the runner at `path`, hands it to `body`, and ends it after: its standard input is closed, and if it does not
    /// end on its own, it is terminated and then killed, with all that it started. `log` gets each line that it writes on
    /// standard error. Throws `RunnerCrash` where it ended too early, `SqzError.runnerFailed` where
    /// that was for want of memory.
    static func with<Result: Sendable>(
        _ path: String, _ configuration: DaemonConfiguration, nice: CInt = 0,
        log: @escaping @Sendable (String) -> Void,
        _ body: @escaping @Sendable (inout RunnerLink) async throws -> Result
    ) async throws -> Result {
        let words = configuration.launcher + [path]
        let want = LastWords()
        let log: @Sendable (String) -> Void = {
            want.hear($0)
            log($0)
        }
        let (input, output, errors) = (try Pipe(), try Pipe(), try Pipe())
        let talks = AsyncStream.makeStream(of: Ending.self)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                for await ending in talks.stream { try await ending.enforce() }
                return nil
            }
            group.addTask {
                let result = try await run(
                    words[0].contains("/") ? .path(FilePath(words[0])) : .name(words[0]),
                    arguments: Arguments(Array(words.dropFirst())),
                    platformOptions: Self.options,
                    input: .fileDescriptor(input.reading.handOver(), closeAfterSpawningProcess: true),
                    output: .fileDescriptor(output.writing.handOver(), closeAfterSpawningProcess: true),
                    error: .fileDescriptor(errors.writing.handOver(), closeAfterSpawningProcess: true)
                ) { execution in
                    let process = execution.processIdentifier.value
                    if nice != 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(process), nice) }
                    return await Swift.Result {
                        try RunnerMemory.limit(process, toMiB: configuration.runnerMemoryMiB)
                        return try await converse(
                            reading: output.reading, writing: input.writing, errors: errors.reading, log: log,
                            signal: { try execution.send(signal: Signal(rawValue: $0), toProcessGroup: true) },
                            over: {
                                talks.continuation.yield($0)
                                talks.continuation.finish()
                            }, body)
                    }
                }
                switch result.closureResult {
                case .success(let value): return value
                case .failure(let error as RunnerEnded):
                    // Whoever has no memory once has none the next time.
                    if let want = Self.want(result.terminationStatus, want.ofMemory, configuration) {
                        throw SqzError.runnerFailed(reason: want)
                    }
                    throw RunnerCrash(reason: Self.describe(result.terminationStatus) ?? "\(error)")
                case .failure(let error): throw error
                }
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw RunnerEnded()
        }
    }

    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: patience)]
        // A session of its own: a signal from a terminal is for the daemon, which then stops its runners in order.
        options.createSession = true
        return options
    }

    /// How long a runner may take to end on its own, and then to end when it is told to.
    private static let patience = Duration.seconds(10)

    /// The end of a runner from which nothing is expected any more.
    private struct Ending: Sendable {
        let signal: @Sendable (CInt) throws -> Void

        func enforce() async throws {
            for number in [SIGTERM, SIGKILL] {
                try await Task.sleep(for: patience)
                // Fails where it has ended at this very moment.
                do { try signal(number) } catch { return }
            }
        }
    }

    /// That it ended for want of memory, if it did; `line` is the one in which it told so.
    private static func want(
        _ status: TerminationStatus, _ line: String?, _ configuration: DaemonConfiguration
    ) -> String? {
        if case .signaled(SIGKILL) = status, MemoryKills.own.claim() {
            return "out of memory: the kernel killed it, because the service or the machine had no more"
        }
        guard let line, status != .exited(0) else { return nil }
        return "out of memory: \(line); a runner may have \(configuration.runnerMemoryMiB) MiB (runnerMemoryMiB)"
    }

    private static func describe(_ status: TerminationStatus) -> String? {
        switch status {
        case .exited(let code): "it ended before it was done, with the exit status \(code)"
        case .signaled(let signal):
            "it was killed by signal \(signal)\(strsignal(signal).map { " (\(String(cString: $0)))" } ?? "")"
        }
    }

    private static func converse<Result: Sendable>(
        reading: Descriptor, writing: Descriptor, errors: Descriptor, log: @escaping @Sendable (String) -> Void,
        signal: @escaping @Sendable (CInt) throws -> Void, over: @escaping @Sendable (Ending) -> Void,
        _ body: @escaping @Sendable (inout RunnerLink) async throws -> Result
    ) async throws -> Result {
        defer { over(Ending(signal: signal)) }
        let bootstrap = NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        let link = try await bootstrap.takingOwnershipOfDescriptors(input: reading.number, output: writing.number) {
            channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(FrameDecoder()))
                return try NIOAsyncChannel<Frame, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        _ = (reading.handOver(), writing.handOver())
        let lines = try await bootstrap.takingOwnershipOfDescriptor(input: errors.number) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
                return try NIOAsyncChannel<String, Never>(wrappingChannelSynchronously: channel)
            }
        }
        _ = errors.handOver()
        return try await withThrowingTaskGroup(of: Step<Result>.self) { group in
            group.addTask {
                try await lines.executeThenClose { lines in
                    for try await line in lines { log(line) }
                }
                return .read
            }
            group.addTask {
                let result = await Swift.Result {
                    try await link.executeThenClose { inbound, outbound in
                        var link = RunnerLink(
                            replies: inbound.makeAsyncIterator(), outbound: outbound,
                            control: Control(outbound: outbound, signal: signal))
                        return try await body(&link)
                    }
                }
                over(Ending(signal: signal))
                return .talked(result)
            }
            defer { group.cancelAll() }
            var result: Swift.Result<Result, any Error>?
            var isRead = false
            while result == nil || !isRead, let step = try await group.next() {
                switch step {
                case .talked(let value):
                    result = value
                    // The last lines are read until the runner has ended, unless something that it started escaped.
                    group.addTask {
                        try await Task.sleep(for: patience * 3)
                        return .read
                    }
                case .read: isRead = true
                }
            }
            guard let result else { throw RunnerEnded() }
            return try result.get()
        }
    }

    private enum Step<Result: Sendable>: Sendable {
        case read
        case talked(Swift.Result<Result, any Error>)
    }
}

/// A pipe whose ends no other child inherits: `Subprocess` closes all but the three standard descriptors in a child, and
/// these are marked for others that might start one.
private struct Pipe {
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
private final class Descriptor: Sendable {
    private let descriptor: SystemPackage.FileDescriptor
    private let isOurs = Atomic(true)

    init(_ descriptor: SystemPackage.FileDescriptor) { self.descriptor = descriptor }

    deinit {
        // Nothing was written that closing could fail to write.
        if isOurs.load(ordering: .relaxed) { close(descriptor.rawValue) }
    }

    var number: CInt { descriptor.rawValue }

    /// Gives it to somebody else to close.
    func handOver() -> SystemPackage.FileDescriptor {
        isOurs.store(false, ordering: .relaxed)
        return descriptor
    }
}

/// Cuts standard error into lines; a longer one is cut at the limit.
private struct LineDecoder: ByteToMessageDecoder {
    typealias InboundOut = String

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
        let length = end.map { $0 - buffer.readerIndex } ?? buffer.readableBytes
        guard end != nil || length >= Limits.logLine else { return .needMoreData }
        let line = String(buffer: buffer.readSlice(length: min(length, Limits.logLine))!)
        if length <= Limits.logLine, end != nil { buffer.moveReaderIndex(forwardBy: 1) }
        context.fireChannelRead(wrapInboundOut(line))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        if try decode(context: context, buffer: &buffer) == .continue { return .continue }
        if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(String(buffer: buffer))) }
        buffer.clear()
        return .needMoreData
    }
}

extension Result where Failure == any Error {
    /// What `body` came to, thrown or not.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
