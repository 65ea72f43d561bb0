public import Foundation
public import SqzProtocol
public import Testing
public import Varlink

// What tests ask a daemon for. Each call has a connection of its own, and a minute to be answered.
extension TestDaemon {
    public static var deadline: ContinuousClock.Instant { .now + .seconds(60) }

    public func client() throws -> Client { try Client(path: socket) }

    @discardableResult
    public func call<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws -> M.Reply {
        let client = try client()
        try client.send(method, parameters)
        return try client.receive(method, until: Self.deadline).parameters(M.Reply.self)
    }

    /// All replies to a call with `more`.
    public func stream<M: VarlinkMethod>(_ method: M.Type, _ parameters: M.Parameters) throws -> [M.Reply] {
        var replies: [M.Reply] = []
        try client().stream(method, parameters, until: Self.deadline) {
            replies.append($0)
            return .more
        }
        return replies
    }

    /// The error that a call is answered with; nil where it succeeds.
    public func error<M: VarlinkMethod>(of method: M.Type, _ parameters: M.Parameters) throws -> VarlinkError? {
        do {
            try call(method, parameters)
            return nil
        } catch let error as VarlinkError {
            return error
        }
    }

    /// Expects that a call is refused with this error, under its interface's name.
    public func expect<M: VarlinkMethod>(
        _ expected: SqzError, from method: M.Type, _ parameters: M.Parameters,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let interface = String(method.name[..<method.name.lastIndex(of: ".")!])
        #expect(
            try error(of: method, parameters) == expected.wire(interface: interface), sourceLocation: location)
    }

    /// Expects that a call is refused because of an option; gives the reason.
    @discardableResult
    public func expectInvalid<M: VarlinkMethod>(
        _ option: String, from method: M.Type, _ parameters: M.Parameters,
        at location: SourceLocation = #_sourceLocation
    ) throws -> String {
        let error = try error(of: method, parameters).flatMap { SqzError($0) }
        guard case .invalidOption(option, let reason)? = error else {
            Issue.record(
                "expected an invalid \(option), not \(error.map { "\($0)" } ?? "success")", sourceLocation: location)
            return ""
        }
        return reason
    }
}

// Jobs.
extension TestDaemon {
    public func submit(_ parameters: JobsInterface.Submit.Parameters) throws -> Int {
        try call(JobsInterface.Submit.self, parameters).id
    }

    /// A countdown of this many steps.
    public func countDown(
        from steps: Int = 3, delay: Double = 0, crash: Bool = false, priority: Int? = nil, after: [Dependency]? = nil
    ) throws -> Int {
        try submit(
            .init(
                kind: "countdown",
                options: ["from": .integer(Int64(steps)), "delay": .number(delay), "crash": .bool(crash)],
                priority: priority, after: after))
    }

    /// A job that runs until it is stopped, whatever else is queued; gives its id when its runner is at work.
    public func block(priority: Int = Limits.priorities.upperBound) throws -> Int {
        let id = try countDown(from: 1_000, delay: 60, priority: priority)
        try wait(for: "job \(id): counting down")
        return id
    }

    /// Hands over a job's events until `body` has enough or the job has ended.
    public func watch(_ id: Int, after: Int? = nil, _ body: (Event) throws -> Client.Next) throws {
        try client().stream(JobsInterface.Watch.self, .init(id: id, after: after), until: Self.deadline) { reply in
            guard let event = reply.event else { return .more }
            return try body(event)
        }
    }

    /// All events of a job, which is waited for.
    public func events(of id: Int, after: Int? = nil) throws -> [Event] {
        var events: [Event] = []
        try watch(id, after: after) {
            events.append($0)
            return .more
        }
        return events
    }

    /// The job when it has ended.
    @discardableResult
    public func end(of id: Int) throws -> Job {
        try watch(id) { _ in .more }
        return try job(id)
    }

    public func job(_ id: Int) throws -> Job { try call(JobsInterface.Show.self, .init(id: id)).job }

    /// What runs and waits now.
    public func snapshot() throws -> JobsInterface.Monitor.Reply {
        let client = try client()
        try client.send(JobsInterface.Monitor.self, NoParameters(), mode: .more)
        return try client.receive(JobsInterface.Monitor.self, until: Self.deadline)
            .parameters(JobsInterface.Monitor.Reply.self)
    }

    /// Changes the database of a daemon that does not run.
    public func change(_ statements: String...) throws {
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as database:
                for statement in sys.argv[2:]:
                    database.execute(statement)
            """
        try Oracle.run("python3", ["-c", script, state + "/sqzd.db"] + statements)
    }

    @discardableResult
    public func cancel(_ id: Int) throws -> Job { try call(JobsInterface.Cancel.self, .init(id: id)).job }

    /// The process of the one running job.
    public func runnerProcess() throws -> pid_t {
        let pid = try #require(pid)
        return try #require(try ProcessTable.children(of: pid).last)
    }
}

// Data sets and models.
extension TestDaemon {
    /// Imports `Colours` from a folder that the daemon may read.
    @discardableResult
    public func importColours(
        as name: String = "colours", train: Int = 200, test: Int = 40, seed: UInt64 = 1
    ) throws -> Dataset {
        let path = try Colours.write(to: scratch, "data/\(name)", train: train, test: test, seed: seed)
        return try #require(try call(DatasetsInterface.Import.self, .init(name: name, path: path)).dataset)
    }

    /// As `colours`, with wrong labels among them.
    public func importMislabelledColours() throws {
        let path = try Colours.write(to: scratch, "data/mislabelled", train: 300, test: 100, mislabelled: true)
        _ = try call(DatasetsInterface.Import.self, .init(name: "colours", path: path))
    }

    /// Trains a model on a data set, as the tutorial does; gives the job when it has ended.
    public func train(_ dataset: String = "colours", as model: String? = nil, options: [String: JSONValue] = [:]) throws
        -> Job
    {
        let quick: [String: JSONValue] = [
            "recipe": .string("tutorial"), "epochs": .integer(1), "batch-size": .integer(20),
        ]
        return try end(
            of: submit(
                .init(kind: "train", options: quick.merging(options) { $1 }, dataset: dataset, model: model)))
    }
}
