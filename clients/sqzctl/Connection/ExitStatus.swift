internal import ArgumentParser
internal import Files
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// The one place where what went wrong becomes a message and an exit status (sysexits(3)).
enum ExitStatus {
    static func exit(for error: any Error, of command: any ParsableCommand.Type) -> Never {
        guard let (message, status) = describe(error) else { command.exit(withError: error) }
        Output.error("sqzctl: \(message)")
        Glibc.exit(status)
    }

    /// nil where the argument parser knows better: usage, help, an exit status of a verb's own.
    private static func describe(_ error: any Error) -> (String, CInt)? {
        switch error {
        case let error as UsageError: return (error.description, EX_USAGE)
        case let error as InputError: return (error.description, error.status)
        case let error as FileError: return describe(InputError(error.path, code: error.code))
        case let error as SqzError: return (error.description, status(of: error))
        case ConnectionError.unreachable(let path, EACCES):
            return ("you may not use \(path): only members of its group may", EX_NOPERM)
        case ConnectionError.unreachable(let path, let code):
            return ("no daemon at \(path): \(String(errno: code))", EX_UNAVAILABLE)
        case ConnectionError.timedOut: return ("timed out", EX_TEMPFAIL)
        case let error as ConnectionError: return ("the daemon was lost: \(error)", EX_UNAVAILABLE)
        case let error as VarlinkError:
            if let known = SqzError(error) { return describe(known) }
            switch ServiceError(error) {
            case .permissionDenied: return ("not permitted: this belongs to another user", EX_NOPERM)
            case .invalidParameter(let parameter): return ("the daemon does not take this \(parameter)", EX_USAGE)
            default: return ("the daemon answered: \(error)", EX_UNAVAILABLE)
            }
        case let error as JSONError: return ("the daemon's answer can't be understood: \(error)", EX_UNAVAILABLE)
        default: return nil
        }
    }

    private static func status(of error: SqzError) -> CInt {
        switch error {
        case .invalidOption, .jobEnded, .wrongState, .noSuchKind: EX_USAGE
        case .badData, .badImage, .badModel, .nameTaken, .tooLarge, .tooManyImages, .wrongChecksum: EX_DATAERR
        case .noSuchJob, .noSuchDataset, .noSuchModel, .noModels, .noDatasets, .noSuchPath, .noSuchUpload: EX_NOINPUT
        case .queueFull, .busy, .stopping, .inUse, .modelInUse, .wrongOffset: EX_TEMPFAIL
        case .pathNotAllowed: EX_NOPERM
        case .runnerFailed, .diverged, .failed: EXIT_FAILURE
        }
    }
}

/// A command line that can't be meant.
struct UsageError: Error, CustomStringConvertible {
    let description: String
}

/// A file of the user's that can't be used.
struct InputError: Error, CustomStringConvertible {
    let description: String
    let status: CInt

    /// From the last system call's error.
    init(_ path: String) { self.init(path, code: errno) }

    init(_ path: String, code: CInt) {
        description = "\(path): \(String(errno: code))"
        status = code == EACCES ? EX_NOPERM : EX_NOINPUT
    }

    init(_ path: String, bad reason: String) {
        description = "\(path): \(reason)"
        status = EX_DATAERR
    }
}
