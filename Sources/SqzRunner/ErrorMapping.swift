internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// The one place where a library's error becomes one of the protocol's.
enum ErrorMapping {
    static func wire(_ error: any Error) throws(JSONError) -> VarlinkError {
        switch error {
        case let error as SqzError: return try error.wire(interface: RunnerInterface.name)
        case let error as ServiceError: return try error.wire(interface: ServiceInterface.name)
        case let error as DatasetError:
            return try SqzError.badData(file: error.file ?? "data set", reason: error.problem).wire(
                interface: RunnerInterface.name)
        case let error as ModelFileError:
            return try SqzError.badModel(reason: "\(error)").wire(interface: RunnerInterface.name)
        case let error as EngineError where error.isOutOfMemory:
            return try SqzError.failed(
                reason: "out of memory: \(error); runnerMemoryMiB in the daemon's configuration limits it"
            ).wire(interface: RunnerInterface.name)
        case let error as JSONError:
            return try ServiceError.invalidParameter(parameter: error.path).wire(interface: ServiceInterface.name)
        default: return try SqzError.failed(reason: "\(error)").wire(interface: RunnerInterface.name)
        }
    }
}

extension EngineError {
    fileprivate var isOutOfMemory: Bool { if case .outOfMemory = self { true } else { false } }
}
