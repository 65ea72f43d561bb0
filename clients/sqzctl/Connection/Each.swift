internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Goes through several jobs, models or data sets: all are tried, each failure is named, the exit status is the first one's.
///
/// - Parameter kind: what they are: job, model, data set.
func each<Name>(_ names: [Name], _ kind: String, _ body: (Name) throws -> Void) throws {
    var failure: CInt?
    for name in names {
        do {
            try body(name)
        } catch  where error is VarlinkError || error is NotPermitted || error as? ConnectionError == .timedOut {
            // Without a daemon there is nothing that could be tried.
            let status = try ExitStatus.tell(error, of: "\(kind) \(name)")
            failure = failure ?? status
        }
    }
    if let failure { throw ExitCode(failure) }
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
