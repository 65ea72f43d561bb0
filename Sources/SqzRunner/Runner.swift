internal import Confinement
internal import Datasets
internal import Glibc
internal import ModelFiles
internal import Processors
internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// The built-in runner: trains and uses SqueezeNet as the daemon asks over standard input and output.
public final class Runner {
    private let file: FramedFile
    private let inbox: Inbox
    private let ranks: Ranks
    private var isConfined = false
    /// A job is or was done: its thread reads the input.
    private var isBusy = false

    /// Speaks over these descriptors.
    /// - Parameters:
    ///   - ranks: those of a job, of which this is the first.
    ///   - stopSignal: a signal that asks for the same as `Stop`; the process ignores it.
    public init(input: CInt, output: CInt, ranks: Ranks = .alone, stopSignal: CInt? = nil) {
        self.ranks = ranks
        file = FramedFile(input: input, output: output)
        inbox = Inbox(file, stopSignal: stopSignal)
        _ = Processors.ofRunner
        // The system is asked for AMX's tiles, which it refuses to a confined process.
        _ = Kernels.available
    }

    /// Answers calls for as long as there are any; a job is the last one, and after Load there is only Classify. Ends the process
    /// when the input ends.
    public func run() throws -> Never {
        while !isBusy {
            let call = inbox.take()
            var classifier: WarmClassifier?
            try file.answer {
                guard call.method == RunnerInterface.Load.name else { return try answer(call) }
                classifier = try load(try call.parameters(RunnerInterface.Load.Parameters.self).model)
            }
            if let classifier { ClassifyCalls(inbox, file, classifier, others: answer).run() }
        }
        // The thread that looks out for `Stop` ends the process with its input.
        while true { pause() }
    }

    private func answer(_ call: Call) throws {
        typealias Interface = RunnerInterface
        func parameters<M: VarlinkMethod>(_ method: M.Type) throws -> M.Parameters {
            try call.parameters(M.Parameters.self)
        }
        func send(_ reply: some Encodable, continues: Bool = false) throws {
            try file.write(try Reply.message(reply, continues: continues))
        }
        guard let method = Interface.Method(rawValue: call.method) else {
            guard call.method == ServiceInterface.GetInfo.name else {
                throw ServiceError.methodNotFound(method: call.method)
            }
            return try send(
                ServiceInterface.GetInfo.Reply(
                    vendor: "sqzd", product: Self.name, version: Version.current, url: "https://github.com/sqzd/sqzd",
                    interfaces: [ServiceInterface.name, Interface.name]))
        }
        switch method {
        case .describe: try send(try describe())
        case .import:
            let request = try parameters(Interface.Import.self)
            DatasetImport.prepare()
            // The file is written beside its final name.
            try confine(reading: request.files.map(\.path), writing: [Self.directory(of: request.output)])
            try send(try Importing.run(request) { try send($0, continues: true) })
        case .run:
            let run = try parameters(Interface.Run.self)
            try ranks.pass(on: run)
            try confine(reading: run.read, writing: run.written)
            isBusy = true
            inbox.watch()
            let replies = RunReplies(
                send: { try send($0, continues: true) },
                write: { [file] in try file.write(Reply.message(text: $0, continues: true)) })
            let result = try JobKinds.run(run, inbox: inbox, replies: replies, ranks: ranks)
            ranks.end()
            guard let result else { return try send(Interface.Run.Reply(stopped: true)) }
            try send(Interface.Run.Reply(result: result))
        case .inspect:
            let path = try parameters(Interface.Inspect.self).model
            try confine(reading: [path])
            let model = try ModelFile(path: path)
            _ = try model.classifier(threads: Classifier.availableThreads)
            try send(Interface.Inspect.Reply(model: MadeModel(file: "", model)))
        case .picture:
            let request = try parameters(Interface.Picture.self)
            try confine(reading: [request.dataset])
            try send(try DatasetPicture.reply(to: request))
        case .convert:
            let request = try parameters(Interface.Convert.self)
            // The file is written beside its final name.
            try confine(reading: [request.model], writing: [Self.directory(of: request.output)])
            try send(try Converting.run(request))
        case .export:
            let request = try parameters(Interface.Export.self)
            try confine(reading: [request.model])
            try Exporting.run(request, send: send)
        case .classify: throw SqzError.badModel(reason: "none is loaded")
        // What is loaded stays, so that this can only fail.
        case .load: _ = try load(try parameters(Interface.Load.self).model)
        // While a job runs, the inbox takes it; there is nothing else to stop.
        case .stop, .finish: throw ServiceError.methodNotFound(method: call.method)
        }
    }

    private func load(_ path: String) throws -> WarmClassifier {
        try confine(reading: [path])
        let classifier = try WarmClassifier(path: path)
        try file.write(try Reply.message(NoParameters()))
        return classifier
    }

    private static let name = "squeezenet"

    /// Gives up all but these files before the first byte of them is read. One process works for one job, one import or one
    /// model, so that once is enough.
    private func confine(reading: [String], writing: [String] = []) throws {
        guard !isConfined else { return }
        try Confinement.enforce(reading: reading, writing: writing, ranks)
        isConfined = true
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// The program for jobs with ranks, which is installed beside the runners' folder, and built beside the runner.
    private static let ranksProgram: String? = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        let folder = directory(of: String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self))
        return ["\(directory(of: folder))/sqz-runner-squeezenet-mpi", "\(folder)/sqz-runner-squeezenet-mpi"].first {
            access($0, X_OK) == 0
        }
    }()

    private func describe() throws -> RunnerInterface.Describe.Reply {
        let kernels = try Kernels.requireSelected()
        return .init(
            name: Self.name, version: Version.current,
            properties: [
                "kernels": kernels.name, "available": Kernels.available.map(\.name).joined(separator: " "),
                "landlock": String(Confinement.landlockVersion),
            ],
            kinds: JobKinds.all, imports: true, classifies: true, converts: true, exports: true,
            ranksProgram: Self.ranksProgram)
    }
}

extension FramedFile {
    /// Lets `body` answer a call; what it throws is the answer instead.
    func answer(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ConnectionError {
            throw error
        } catch {
            try write(try Reply.message(try ErrorMapping.wire(error)))
        }
    }
}

extension Confinement {
    /// Confines this process to files of a call. One that is not there is found out, and said, by whoever opens it.
    static func enforce(reading: [String], writing: [String], _ ranks: Ranks) throws {
        let confinement = Confinement(
            readable: reading.filter { access($0, F_OK) == 0 }, writable: writing.filter { access($0, F_OK) == 0 },
            speaks: ranks.count > 1)
        if let shortfall = try confinement.enforce() { ranks.log(shortfall) }
    }
}

extension RunnerInterface.Run.Parameters {
    /// Files that the job reads, and directories that it writes in.
    var read: [String] { [dataset, model].compactMap(\.self) + (models ?? [:]).values }
    var written: [String] { [directory] }
}

/// What a job tells while it runs.
struct RunReplies {
    let send: (RunnerInterface.Run.Reply) throws -> Void
    /// Sends one whose parameters are written already.
    let write: ([UInt8]) throws -> Void

    func progress(_ progress: Progress, epochEnded: Bool = false) throws {
        try send(.init(progress: progress, epochEnded: epochEnded ? true : nil))
    }

    /// Elements of a list of `Prediction`, as JSON.
    func predictions(_ predictions: ArraySlice<UInt8>) throws {
        try write(Array(#"{"predictions":["#.utf8) + predictions + Array("]}".utf8))
    }
}
