internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Goes through several jobs, models or data sets: all are tried, each failure is named, the exit status is the first one's.
struct Each {
    private var failure: CInt?

    /// - Parameter name: what it is about: job 7, model m.
    mutating func attempt(_ name: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch
            where error is VarlinkError || error is NotPermitted || error as? ConnectionError == .timedOut
        {
            // Without a daemon there is nothing that could be tried.
            let status = try ExitStatus.tell(error, of: name)
            failure = failure ?? status
        }
    }

    func end() throws {
        if let failure { throw ExitCode(failure) }
    }
}

/// - Parameter kind: what they are: job, model, data set.
func each<Name>(_ names: [Name], _ kind: String, _ body: (Name) throws -> Void) throws {
    var each = Each()
    for name in names { try each.attempt("\(kind) \(name)") { try body(name) } }
    try each.end()
}

extension Daemon {
    /// One method for each of them; `line` tells of a success.
    func each<Name, M: VarlinkMethod>(
        _ names: [Name], _ kind: String, _ method: M.Type, _ parameters: (Name) -> M.Parameters,
        _ line: (Name, M.Reply) -> String
    ) throws {
        try sqzctl.each(names, kind) { name in
            try show(method, parameters(name)) { Output.line(line(name, $0)) }
        }
    }
}
