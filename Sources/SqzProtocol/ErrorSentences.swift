public import Varlink

extension SqzError {
    /// This error as `interface` has it. What that does not declare, it tells in the sentence of its `Failed`.
    public func wire(of interface: any VarlinkInterface.Type) throws(JSONError) -> VarlinkError {
        let error = try wire(interface: interface.name)
        let isDeclared = interface.errors.contains { error.name == "\(interface.name).\($0)" }
        return isDeclared ? error : try SqzError.failed(reason: description).wire(interface: interface.name)
    }
}

extension SqzError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noSuchJob(let id): "there is no job \(id)"
        case .jobEnded(let id, .succeeded): "job \(id) has ended already: succeeded"
        case .jobEnded(let id, let state): "job \(id) has ended already: \(state.rawValue); it can be retried"
        case .wrongState(let id, .paused): "job \(id) is paused; it can be resumed, prioritized or cancelled"
        case .wrongState(let id, let state):
            "job \(id) is \(state.rawValue); it can be paused, prioritized or cancelled"
        case .queueFull(let limit, let queued, nil):
            "the queue is full: \(Self.count(queued, "job")) in it, the limit is \(limit)"
        case .queueFull(let limit, let queued, _?):
            "you have \(Self.count(queued, "job")) in the queue, the limit for a user is \(limit)"
        case .noSuchSweep(let name, let known):
            "there is no sweep \(Self.shown(name))\(Self.list(known, none: "any"))"
        case .noSuchKind(let kind, let kinds):
            "no runner offers jobs of the kind \(Self.shown(kind))\(Self.list(kinds, none: "any"))"
        // No option that was given: the reason names the job.
        case .invalidOption("id", let reason): reason
        case .invalidOption(let option, let reason): "\(option): \(reason)"
        case .noSuchDataset(let name, let known, let time, let uid, let sha256):
            "there is no data set \(Self.shown(name))\(Self.removal(nil, time, uid, sha256))"
                + Self.list(known, none: "any data set")
        case .noSuchPicture(let split, 0, _, _): "the data set has no pictures to \(split.rawValue)"
        case .noSuchPicture(let split, let pictures, _, let file?):
            "there is no picture \(Self.shown(file)) among the \(Self.count(pictures, "picture")) to \(split.rawValue)"
        case .noSuchPicture(let split, let pictures, let picture, nil):
            "there is no picture \(picture ?? 0) to \(split.rawValue); right would be 0 to \(pictures - 1)"
        case .noSuchModel(let name, let known, let makers, let removed, let time, let uid, let sha256):
            "there is no model \(Self.shown(name))\(Self.removal(removed == name ? nil : removed, time, uid, sha256))"
                + (Self.coming(makers ?? []) ?? Self.list(known, none: "any model"))
        case .stopping: "the daemon is stopping"
        case .noDatasets: "there is no data set yet; sqzctl dataset import makes one"
        case .noModels(_, let known?) where !known.isEmpty:
            "no model was named, and you have made none; name one with --model: \(Self.first(known))"
        case .noModels(let passedOver?, _) where !passedOver.isEmpty:
            "no model was named, and each that there is has a warning; name one with --model: \(Self.first(passedOver))"
        case .noModels: "there is no model yet; sqzctl train makes one"
        case .badImage(let index, let reason): "picture \(index): \(reason)"
        case .tooManyImages(let limit, let images):
            "\(Self.count(images, "picture")) in one call, the limit is \(limit)"
        case .timedOut(let timeout):
            "timed out: the pictures waited for \(timeout) ms and were not looked at; try again"
        case .busy(let limit, let place, let seconds):
            "busy: all places are taken, of which there \(limit == 1 ? "is" : "are") \(limit)"
                + (place.map { ", this would be number \($0)" } ?? "") + "; try again"
                + (seconds.map { " in \(Self.count($0, "second"))" } ?? "")
        case .runnerFailed(let reason): "the runner failed: \(reason)"
        case .nameTaken(let name): "another data set has the name \(name); choose another, or remove that one"
        case .inUse(let name, let jobs): "data set \(name) is in use by \(Self.joined(jobs))"
        case .jobInUse(let id, [], let sweep):
            "job \(id) is in use: its model is about to be promoted, as the best of sweep \(sweep ?? "")"
        case .jobInUse(let id, let jobs, _):
            "job \(id) is in use by \(Self.joined(jobs)), which \(jobs.count == 1 ? "has" : "have") not ended"
        case .modelInUse(let name, let jobs): "model \(name) is in use by \(Self.joined(jobs))"
        case .badData(let file, let reason): "\(file): \(reason)"
        case .pathNotAllowed(let path, let allowed):
            "the daemon does not read \(path); it reads below \(allowed.joined(separator: ", "))"
        case .noSuchPath(let path): "\(path): no such file or directory"
        case .noSuchUpload(let sha256): "no upload of \(sha256) was begun"
        case .wrongOffset(_, let offset): "the upload stands at byte \(offset)"
        case .wrongChecksum(let sha256, let found):
            "the bytes have the sha256 \(found), not \(sha256); they were dropped"
        case .tooLarge(let what, let limit, let current):
            "\(what): the limit is \(Self.amount(limit, of: what))"
                + (current.map { ", there are \(Self.amount($0, of: what)) now" } ?? "")
        case .badModel(let reason): "the model can't be used: \(reason)"
        case .diverged(let epoch, let step):
            "the loss was no longer finite in epoch \(epoch), step \(step); a smaller learning rate or a longer warm-up may help"
        case .diskFull(let reason): "the disk is full: \(reason)"
        case .failed(let reason): reason
        }
    }

    /// A name in a sentence, where an empty one would not be seen.
    private static func shown(_ name: String) -> String { name.isEmpty ? "''" : name }

    private static func list(_ known: [String], none: String) -> String {
        known.isEmpty ? "; there is not \(none)" : "; there are: \(first(known))"
    }

    /// A few say what names look like; sqzctl models and datasets list them all.
    private static func first(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    }

    /// What became of it, if it was there once.
    private static func removal(_ name: String?, _ time: Int?, _ uid: Int?, _ sha256: String?) -> String {
        guard let time, let uid else { return "" }
        return """
            \(name.map { "; \($0) was" } ?? ": it was") removed on \(Timestamp.text(time)) by uid \(uid)\
            \(sha256.map { " (sha256 \($0))" } ?? "")
            """
    }

    /// Of a model that jobs are to make.
    private static func coming(_ makers: [Int]) -> String? {
        guard let last = makers.last else { return nil }
        return " yet: \(joined(makers)) \(makers.count == 1 ? "is" : "are") to make it (sqzctl wait \(last))"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// A number with its unit.
    private static func amount(_ value: Int, of what: String) -> String {
        guard what.hasPrefix("bytes ") else { return String(value) }
        guard value >= 10_000 else { return count(value, "byte") }
        let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")]
        let (size, unit) = units.first { value >= $0.0 } ?? (1, "bytes")
        return "\(value / size).\(value % size * 10 / size) \(unit)"
    }

    private static func joined(_ ids: [Int]) -> String {
        (ids.count == 1 ? "job " : "jobs ") + ids.map(String.init).joined(separator: ", ")
    }
}
