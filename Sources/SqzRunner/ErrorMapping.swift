internal import Datasets
internal import ModelFiles
internal import Safetensors
internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// The one place where a library's error becomes one of the protocol's.
enum ErrorMapping {
    static func wire(_ error: any Error) throws(JSONError) -> VarlinkError {
        switch error {
        case let error as ServiceError: try error.wire(interface: ServiceInterface.name)
        case let error as JSONError:
            try ServiceError.invalidParameter(parameter: error.path).wire(interface: ServiceInterface.name)
        default: try own(error).wire(of: RunnerInterface.self)
        }
    }

    private static func own(_ error: any Error) -> SqzError {
        switch error {
        case let error as SqzError: error
        // What stands in a file can't be said in JSON as it is.
        case let error as DatasetError: .badData(file: error.file ?? "data set", reason: error.problem.printable)
        case let error as ModelFileError: .badModel(reason: "\(error)".printable)
        case let error as SafetensorsError where error.isOfFullDisk: .diskFull(reason: told(error))
        case let error as SafetensorsError: .failed(reason: told(error))
        case let error as EngineError where error.isOutOfMemory:
            .failed(reason: "out of memory: \(error); runnerMemoryMiB in the daemon's configuration limits it")
        default: .failed(reason: "\(error)")
        }
    }

    /// A checkpoint's, for instance; in which directory is the daemon's affair.
    private static func told(_ error: SafetensorsError) -> String {
        "\(error.path.split(separator: "/").last ?? ""): \(error.problem)"
    }
}

extension EngineError {
    fileprivate var isOutOfMemory: Bool { if case .outOfMemory = self { true } else { false } }
}
