internal import Files
internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// A job's place in Slurm's line, from the first word of sqzd's to the last of the first rank's. It outlives this process: the file
/// `slurm` in the job's directory says which it is, and whoever is asked to run the job anew goes on with it.
struct PlaceInLine {
    private let request: SlurmRequest
    private let daemon: DaemonEnd
    /// sqzd's call, with its NUL.
    private var run: [UInt8] = []
    private var directory = ""
    private var id: Int?
    private var step: Step?
    private var finish: [UInt8]?
    private var stop: Stop?
    /// sqzd is gone.
    private var isAlone = false
    /// What sqzd knows the job to wait for.
    private var told: String?
    private var looks = 0
    /// How often the accounting was asked who cancelled the job.
    private var asked = 0
    /// Why the last step ended without an answer, until it is known whether Slurm ended it.
    private var lost: String?

    private enum Stop { case forGood, again }

    init(_ request: SlurmRequest, _ daemon: DaemonEnd) {
        self.request = request
        self.daemon = daemon
    }

    /// What comes after an event.
    enum Next {
        case wait
        /// The ranks are to run.
        case compute(Step)
        case done
    }

    /// Throws where sqzd may try again.
    mutating func meet(_ event: DaemonEnd.Event) async throws -> Next {
        switch event {
        case .call(let message): return try await hear(message)
        case .gone:
            // The place is kept; ranks go by themselves, as their input ends.
            isAlone = true
            step?.hangUp()
            return step == nil ? .done : .wait
        case .terminated:
            if stop != .again { await giveUp() }
            throw SlurmError.ended("sqzd ended it")
        case .tick: return try await look()
        case .step(.answered(let message, let stopped)):
            step = nil
            guard stopped, stop == nil else {
                try daemon.write(message)
                if stop != .again { await giveUp() }
                return .done
            }
            // Slurm said that it takes the nodes soon, and the ranks have made a checkpoint.
            try await askAgain()
            return try await look()
        case .step(.lost(let reason)):
            step = nil
            guard stop == nil, !isAlone else {
                if stop == .forGood { await giveUp() }
                throw SlurmError.ended(reason)
            }
            lost = reason
            return try await look()
        }
    }

    private mutating func hear(_ message: [UInt8]) async throws -> Next {
        let call = try message.withUnsafeBytes { try Call(parsing: $0) }
        switch RunnerInterface.Method(rawValue: call.method) {
        case .run where run.isEmpty:
            run = message + [0]
            directory = try call.parameters(RunnerInterface.Run.Parameters.self).directory
            return try await look()
        case .stop:
            stop = try call.parameters(RunnerInterface.Stop.Parameters.self).again == true ? .again : .forGood
            if let step {
                try step.send(message + [0])
                return .wait
            }
            if stop != .again { await giveUp() }
            try daemon.send(.init(stopped: true))
            return .done
        case .finish:
            finish = message + [0]
            try step?.send(message + [0])
            return .wait
        default: throw SlurmError.unexpected(call.method)
        }
    }

    /// Sees how things stand, and does what is to be done.
    private mutating func look() async throws -> Next {
        guard step == nil else { return .wait }
        do {
            guard let id else {
                try await take()
                return wait()
            }
            switch try await Slurm.state(of: id) {
            case .waiting(let reason): try tell("Slurm's job \(id) \(reason)")
            case .between: break
            case .running:
                if let lost {
                    try await leave()
                    throw SlurmError.ended(lost)
                }
                return .compute(try begin(on: id))
            case .over(.taken(let reason)):
                DaemonEnd.log("Slurm's job \(id) is over (\(reason)): it is asked for again")
                forget()
                try await take()
            case .over(.outOfMemory):
                forget()
                try daemon.fail("out of memory: Slurm ended its job \(id), which wanted more than it may have")
                return .done
            case .over(.failed(let reason)):
                forget()
                throw SlurmError.ended("Slurm's job \(id) is over: \(reason)")
            case .over(.cancelled):
                // The accounting hears of it a moment later, where there is one.
                if asked == 0 { looks = 0 }
                asked += 1
                let user = await Slurm.canceller(of: id)
                guard user != nil || asked > Self.patience else { return wait() }
                forget()
                try daemon.send(.init(cancelled: "\(user ?? "somebody") in Slurm, where it was job \(id)"))
                return .done
            }
            lost = nil
        } catch SlurmError.silent(let reason) {
            try tell("\(SlurmError.silent(reason))")
        } catch SlurmError.refused(let program, let reason) {
            try daemon.fail("\(program): \(reason)")
            return .done
        }
        return wait()
    }

    /// Looks into the accounting until nobody waits for it any more.
    private static let patience = 4
    /// Seconds between two looks.
    private static let longest = 15.0

    private mutating func wait() -> Next {
        looks += 1
        daemon.wake(after: min(Double(looks) / 2, Self.longest))
        return .wait
    }

    private mutating func tell(_ what: String) throws {
        guard told != what else { return }
        told = what
        try daemon.send(.init(waits: what), continues: true)
    }

    private mutating func begin(on id: Int) throws -> Step {
        if told != nil { try daemon.send(.init(), continues: true) }
        (told, looks) = (nil, 0)
        let step = try Step(request.stepWords(on: id), daemon)
        self.step = step
        // A pipe has room for both before anybody reads.
        try step.send(run)
        if let finish { try step.send(finish) }
        return step
    }

    // The place

    /// Its first line is the number, its second what was asked for.
    private var file: String { "\(directory)/slurm" }

    /// Goes on with the place that the job has, if it is the one that is asked for now, or takes one.
    private mutating func take() async throws {
        let known = try await Slurm.jobs(of: request, in: directory)
        let number = written()
        let isAskedFor = number != nil || access(file, F_OK) != 0
        let own = known.first { $0.id == number } ?? (isAskedFor ? known.first { !$0.isOver } : nil)
        for other in known where !other.isOver && other.id != own?.id { try await Slurm.cancel(other.id) }
        let id = if let own { own.id } else { try await Slurm.submit(request, in: directory, place: file) }
        let whole = try WholeFile(path: file, mode: 0o600)
        try Array("\(id)\n\(request.description)\n".utf8).withUnsafeBytes { try whole.write($0, at: 0) }
        try whole.commit()
        self.id = id
        looks = 0
    }

    /// The number in the file, if it is that of what is asked for now.
    private func written() -> Int? {
        guard let bytes = FileManager.default.contents(atPath: file) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", maxSplits: 1).map(String.init)
        return lines.count == 2 && lines[1] == request.description + "\n" ? Int(lines[0]) : nil
    }

    /// Gives the nodes back before Slurm takes them, and stands in the line again.
    private mutating func askAgain() async throws {
        guard let id else { return }
        do {
            try await Slurm.requeue(id)
        } catch SlurmError.refused(_, let reason) {
            // By the cluster's rules it may not go back.
            DaemonEnd.log("Slurm's job \(id): \(reason)")
            try await leave()
        }
        looks = 0
    }

    /// As `leave`, also where Slurm does not answer: its job gives the nodes back when it gets them, as no file has its number.
    private mutating func giveUp() async {
        do {
            try await leave()
        } catch {
            DaemonEnd.log("\(error); its job is not cancelled, and ends by itself when it begins")
            forget()
        }
    }

    private mutating func leave() async throws {
        guard let id else { return }
        try await Slurm.cancel(id)
        forget()
    }

    private mutating func forget() {
        unlink(file)
        id = nil
    }
}
