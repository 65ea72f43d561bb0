internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import SqzProtocol
internal import Varlink

/// A running runner: Varlink over its standard input and output, with the daemon as the client. For one task at a time.
struct RunnerLink {
    private var replies: NIOAsyncChannelInboundStream<Frame>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let process: RunnerProcess
    /// Of the thread that reads and writes, where the task that has this works in it.
    let executor: (any TaskExecutor)?

    /// What any task may do to the runner.
    var control: Control { Control(outbound: outbound, process: process) }

    /// Stops a runner from another task than the one that talks to it.
    struct Control: Sendable {
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
        fileprivate let process: RunnerProcess

        /// Asks the runner to end its run at the next step, with a checkpoint, and sees to it until the task is cancelled.
        /// - Parameter again: whether the job is to be run again as soon as it can.
        func stop(again: Bool) async throws {
            try await end(RunnerInterface.Stop.self, .init(again: again ? true : nil), .stopping)
        }

        /// Asks it to end its run after the step in hand, with a result, and sees to it likewise.
        func finish() async throws { try await end(RunnerInterface.Finish.self, NoParameters(), .finishing) }

        private func end<M: VarlinkMethod>(
            _ method: M.Type, _ parameters: M.Parameters, _ escalation: Escalation
        ) async throws {
            let message = ByteBuffer(bytes: try Call.message(method, parameters, mode: .oneway))
            do {
                try await outbound.write(message)
            } catch let error where error is IOError || error is ChannelError {
                // It does not listen any more, which is no reason for it to go on.
            }
            try await escalation.enforce(on: process)
        }

        func kill() throws { try process.signal(SIGKILL) }
    }

    /// The reply to one call.
    mutating func call<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) async throws -> M.Reply {
        try await send(method, parameters, .one)
        return try await next(method).parameters
    }

    /// Sends calls of which `results` gives the replies, in order; for another task than that one.
    var calls: Calls { Calls(outbound: outbound) }

    struct Calls: Sendable {
        fileprivate let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

        /// - Parameter images: plain text each.
        func classify(_ images: [String], top: Int, flips: Bool) async throws {
            try await RunnerLink.write(RunnerInterface.Classify.call(images, top: top, flips: flips), to: outbound)
        }
    }

    /// What the runner says of the pictures of the next call that was sent, or which error it answered.
    mutating func results() async throws -> Result<Results, SqzError> {
        guard let message = try await replies.next(isolation: nil) else { throw RunnerEnded() }
        do {
            return .success(try Self.reading { try RunnerInterface.Classify.results(message) })
        } catch let error as SqzError {
            return .failure(error)
        }
    }

    /// What a runner says of a call's pictures.
    struct Results {
        let pictures: [PictureResult]
        /// Reads for how many microseconds it computed; nil where it does not say.
        let engine: () throws -> Int?
    }

    /// The reply to one call, if it comes in so many seconds; else the runner is killed, and `SqzError.runnerFailed` thrown.
    mutating func call<M: VarlinkMethod>(
        _ method: M.Type, _ parameters: M.Parameters, within seconds: Int
    ) async throws -> M.Reply {
        let control = control
        let deadline = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(until: deadline)
                try control.kill()
            }
            defer { group.cancelAll() }
            do {
                return try await call(method, parameters)
            } catch is RunnerEnded where ContinuousClock.now >= deadline {
                let name = M.name.split(separator: ".").last ?? ""
                throw SqzError.runnerFailed(reason: "it did not answer \(name) within \(seconds) s")
            }
        }
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

    /// Hands over every reply to `run`, checked, and the predictions in it, the last one included.
    mutating func followRun(
        _ body: (RunnerInterface.Run.Reply, [WrittenPrediction]) async throws -> Void
    ) async throws {
        while true {
            guard let message = try await replies.next(isolation: nil) else { throw RunnerEnded() }
            let (reply, predictions, continues) = try Self.reading { try RunnerInterface.Run.reply(message) }
            try await body(reply, predictions)
            if !continues { return }
        }
    }

    /// Begins a run, whose replies `followRun` hands over. Only a runner that has been told this may be told to stop or to finish.
    func run(_ parameters: RunnerInterface.Run.Parameters) async throws {
        try await send(RunnerInterface.Run.self, parameters, .more)
    }

    private func send<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters, _ mode: ReplyMode) async throws {
        try await Self.write(ByteBuffer(bytes: try Call.message(method, parameters, mode: mode)), to: outbound)
    }

    private static func write(
        _ message: ByteBuffer, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        do {
            try await outbound.write(message)
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
        return (try Self.reading { try reply.parameters(M.Reply.self) }, reply.continues)
    }

    private static func reading<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as VarlinkError {
            throw SqzError(error) ?? SqzError.runnerFailed(reason: "\(error)")
        }
    }
}

extension RunnerLink {
    /// Starts the runner at `path`, hands it to `body`, and ends it after: its standard input is closed, and if it does not
    /// end on its own, it is terminated and then killed, with all that it started. `log` gets each line that it writes on
    /// standard error. Throws as `RunnerProcess.with` does.
    ///
    /// - Parameters:
    ///   - ranks: how it is started as several processes, of which the first is the one that is spoken with.
    ///   - onItsLoop: `body` works in the thread that reads and writes, which saves two changes of threads for each call.
    static func with<Result: Sendable>(
        _ path: String, _ configuration: DaemonConfiguration, nice: CInt = 0, ranks: RanksStart? = nil,
        onItsLoop: Bool = false,
        log: @escaping @Sendable (String) -> Void,
        _ body: @escaping @Sendable (inout RunnerLink) async throws -> Result
    ) async throws -> Result {
        try await RunnerProcess.with(path, configuration, nice: nice, ranks: ranks, log: log) { process, pipes, log in
            let bootstrap = NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            let link = try await bootstrap.takingOwnershipOfDescriptors(
                input: pipes.reading.number, output: pipes.writing.number
            ) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(FrameDecoder()))
                    return try NIOAsyncChannel<Frame, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
            pipes.reading.handOver()
            pipes.writing.handOver()
            let errors = try await bootstrap.takingOwnershipOfDescriptor(input: pipes.errors.number) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(LineDecoder()))
                    return try NIOAsyncChannel<String, Never>(wrappingChannelSynchronously: channel)
                }
            }
            pipes.errors.handOver()
            let executor = onItsLoop ? LoopExecutor(link.channel.eventLoop) : nil
            return await converse(link, errors, process, executor, log, body)
        }
    }

    /// What is left in the pipes once a runner has ended may take that long to be read: something that it started, and that
    /// left its process group, may hold them open for ever.
    private static let rest = Duration.seconds(1)

    /// What `body` came to, after the runner's end.
    private static func converse<Result: Sendable>(
        _ link: NIOAsyncChannel<Frame, ByteBuffer>, _ errors: NIOAsyncChannel<String, Never>, _ process: RunnerProcess,
        _ executor: LoopExecutor?, _ log: @escaping @Sendable (String) -> Void,
        _ body: @escaping @Sendable (inout RunnerLink) async throws -> Result
    ) async -> Swift.Result<Result, any Error> {
        await withTaskGroup(of: Step<Result>.self) { group in
            group.addTask {
                await process.end()
                return .ended
            }
            group.addTask {
                .read(
                    await Swift.Result {
                        try await errors.executeThenClose { lines in
                            for try await line in lines { log(line) }
                        }
                    })
            }
            group.addTask(executorPreference: executor) {
                .talked(
                    await Swift.Result {
                        try await link.executeThenClose { inbound, outbound in
                            var link = RunnerLink(
                                replies: inbound.makeAsyncIterator(), outbound: outbound, process: process,
                                executor: executor)
                            return try await body(&link)
                        }
                    })
            }
            defer { group.cancelAll() }
            var (hasEnded, result, read) = (
                false, Swift.Result<Result, any Error>?.none, Swift.Result<Void, any Error>?.none
            )
            while let step = await group.next() {
                switch step {
                case .ended:
                    hasEnded = true
                    group.addTask {
                        .enforced(
                            await Swift.Result {
                                // What it started goes with it.
                                try process.signal(SIGKILL)
                                try await Task.sleep(for: rest)
                                link.channel.close(promise: nil)
                                errors.channel.close(promise: nil)
                            })
                    }
                case .talked(let value):
                    result = value
                    group.addTask { .enforced(await Swift.Result { try await Escalation.ending.enforce(on: process) }) }
                case .read(let value): read = value
                case .enforced(.failure(let error)) where !(error is CancellationError):
                    log("it can't be ended: \(error)")
                case .enforced: break
                }
                if hasEnded, let result, let read { return result.flatMap { value in read.map { value } } }
            }
            return .failure(RunnerEnded())
        }
    }

    private enum Step<Result: Sendable>: Sendable {
        case ended
        case talked(Swift.Result<Result, any Error>)
        case read(Swift.Result<Void, any Error>)
        case enforced(Swift.Result<Void, any Error>)
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
