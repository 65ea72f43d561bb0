internal import ArgumentParser
internal import Files
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// The one place where what went wrong becomes a message and an exit status (sysexits(3)).
enum ExitStatus {
    static func exit(for error: any Error, of command: any ParsableCommand.Type) -> Never {
        guard let (message, status) = describe(error) else {
            let status = command.exitCode(for: error).rawValue
            let text = command.fullMessage(for: error)
            if status == EXIT_SUCCESS {
                if !text.isEmpty { Output.write(text + "\n") }
            } else if !text.isEmpty {
                if ToldError.isWanted {
                    // The sentence alone, without how the verb is used.
                    ToldError(message: sentence(command.message(for: error)), status: status).print()
                    Output.end(status)
                }
                // One style for all that goes wrong.
                let told = text.hasPrefix("Error: ") ? "sqzctl: " + text.dropFirst(7) : text
                for line in told.split(separator: "\n", omittingEmptySubsequences: false) { Output.error(String(line)) }
            }
            Output.end(status)
        }
        tell(error, message, status)
        Output.end(status)
    }

    /// The argument parser lists what would be right in lines that begin with a dash.
    private static func sentence(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
        let rest = lines.dropFirst().map { $0.hasPrefix("- ") ? $0.dropFirst(2) : $0 }
        return (lines.first ?? "") + (rest.isEmpty ? "" : " " + rest.joined(separator: ", "))
    }

    /// Tells of what failed with one of several, and gives the status of it.
    static func tell(_ error: any Error, of name: String = "") throws -> CInt {
        guard let (sentence, status) = describe(error) else { throw error }
        // "model fashion: model: …" would say twice what the parameter is.
        let kind = name.prefix { $0 != " " } + ": "
        let message =
            !name.isEmpty && sentence.hasPrefix(kind) ? String(sentence.dropFirst(kind.count)) : sentence
        tell(error, "\(name.isEmpty || message.contains(name) ? "" : name + ": ")\(message)", status)
        return status
    }

    private static func tell(_ error: any Error, _ message: String, _ status: CInt) {
        guard ToldError.isWanted else { return Output.error("sqzctl: \(message)") }
        let told = error as? VarlinkError
        ToldError(message: message, status: status, error: told?.name, parameters: told?.parameters).print()
    }

    /// What went wrong, for who shows it elsewhere.
    static func message(of error: any Error) -> String { describe(error)?.0 ?? "\(error)" }

    /// nil where the argument parser knows better: usage, help, an exit status of a verb's own.
    static func describe(_ error: any Error) -> (String, CInt)? {
        switch error {
        case let error as UsageError: return (error.description, EX_USAGE)
        case let error as InputError: return (error.description, error.status)
        case let error as RemoteError: return (error.description, error.status)
        case let error as FileError: return describe(InputError(error.path, code: error.code))
        case let error as StartError: return describe(InputError(error.program, code: error.code))
        case let error as SqzError: return (Format.named(error.description), status(of: error))
        case ConnectionError.unreachable(let path, EACCES):
            return ("you may not use \(path): only members of its group may", EX_NOPERM)
        case ConnectionError.unreachable(let path, let code):
            return ("no daemon at \(path): \(String(errno: code))", EX_UNAVAILABLE)
        case ConnectionError.timedOut: return ("timed out", EX_TEMPFAIL)
        case let error as ConnectionError: return ("the daemon was lost: \(error)", EX_UNAVAILABLE)
        case let error as LostJob:
            return describe(error.error).map { message, status in
                ("\(message); job \(error.id) goes on when it is back: sqzctl watch \(error.id)", status)
            }
        case let error as LostUpload:
            return describe(error.error).map { message, status in
                ("\(message); what it has of \(error.name) is kept for a day, and not sent again", status)
            }
        case let error as VarlinkError:
            if let known = SqzError(error) { return describe(known) }
            switch ServiceError(error) {
            case .permissionDenied:
                return ("not permitted: only its owner or an administrator may do this", EX_NOPERM)
            case .invalidParameter(let parameter):
                return ("\(parameter): the daemon does not know this parameter, or not such a value of it", EX_USAGE)
            case .interfaceNotFound(let interface):
                return ("what answers has no \(interface): it is no daemon of sqzd's, or an older one", EX_UNAVAILABLE)
            case .methodNotFound(let method), .methodNotImplemented(let method):
                return ("the daemon has no \(method): it is older than this sqzctl", EX_UNAVAILABLE)
            default: return ("the daemon answered: \(error)", EX_UNAVAILABLE)
            }
        case let error as JSONError:
            return ("the daemon said what this sqzctl does not understand: \(error)", EX_UNAVAILABLE)
        case let error as RestoredState.InUse:
            return (
                """
                a daemon, or another restore, uses \(error.directory); stop the daemon first: systemctl stop sqzd.socket sqzd.service
                """, EX_TEMPFAIL
            )
        case let error as NotPermitted: return (error.description, EX_NOPERM)
        default: return nil
        }
    }

    private static func status(of error: SqzError) -> CInt {
        switch error {
        case .invalidOption, .jobEnded, .wrongState, .noSuchKind: EX_USAGE
        case .badData, .badImage, .badModel, .nameTaken, .tooLarge, .tooManyImages, .wrongChecksum: EX_DATAERR
        case .noSuchJob, .noSuchSweep, .noSuchDataset, .noSuchPicture, .noSuchModel, .noModels, .noDatasets,
            .noSuchPath,
            .noSuchUpload:
            EX_NOINPUT
        case .queueFull, .busy, .timedOut, .stopping, .inUse, .modelInUse, .jobInUse, .wrongOffset:
            EX_TEMPFAIL
        case .pathNotAllowed: EX_NOPERM
        case .runnerFailed, .diverged, .diskFull, .failed: EXIT_FAILURE
        }
    }
}

/// A command line that can't be meant.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// What the daemon refuses to this user, said better than its error says it.
struct NotPermitted: Error, CustomStringConvertible {
    let description: String

    /// nil for a method that gives no priority.
    static func priority<M: VarlinkMethod>(of method: M.Type) -> Self? {
        let administrators = "only an administrator gives a priority above 0"
        switch method.name {
        case JobsInterface.Submit.name, JobsInterface.SubmitSweep.name:
            return Self(description: "not permitted: \(administrators)")
        case JobsInterface.Prioritize.name, JobsInterface.ChangeSweep.name:
            return Self(
                description: "not permitted: only its owner or an administrator may do this, and \(administrators)")
        default: return nil
        }
    }
}

/// A file of the user's that can't be used, or written.
struct InputError: Error, CustomStringConvertible {
    let description: String
    let status: CInt

    /// From the last system call's error.
    init(_ path: String) { self.init(path, code: errno) }

    init(_ path: String, code: CInt) {
        // Other verbs take that for standard input.
        let isStandardInput = path == "-" && code == ENOENT
        let reason = isStandardInput ? "standard input is not read here; right would be a file" : String(errno: code)
        description = "\(path): \(reason)"
        status = code == EACCES ? EX_NOPERM : EX_NOINPUT
    }

    /// A file that could not be written, and the system call's error.
    init(written path: String, code: CInt) {
        description = "\(path): \(String(errno: code))"
        status = EX_IOERR
    }

    /// One that is no file.
    init(_ path: String, is kind: String, right: String) {
        description = "\(path): is \(kind); right would be \(right)"
        status = EX_NOINPUT
    }

    init(_ path: String, bad reason: String) {
        description = "\(path): \(reason)"
        status = EX_DATAERR
    }
}
