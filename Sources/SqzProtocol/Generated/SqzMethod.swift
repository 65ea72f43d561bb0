// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// Every method that there is, by its interface.
public enum SqzMethod: Hashable, Sendable {
    case datasets(DatasetsInterface.Method)
    case inference(InferenceInterface.Method)
    case jobs(JobsInterface.Method)
    case manager(ManagerInterface.Method)
    case models(ModelsInterface.Method)
    case runner(RunnerInterface.Method)
    case service(ServiceInterface.Method)

    /// By the full name; nil where no interface has it.
    public init?(_ name: String) {
        if let method = DatasetsInterface.Method(rawValue: name) {
            self = .datasets(method)
        } else if let method = InferenceInterface.Method(rawValue: name) {
            self = .inference(method)
        } else if let method = JobsInterface.Method(rawValue: name) {
            self = .jobs(method)
        } else if let method = ManagerInterface.Method(rawValue: name) {
            self = .manager(method)
        } else if let method = ModelsInterface.Method(rawValue: name) {
            self = .models(method)
        } else if let method = RunnerInterface.Method(rawValue: name) {
            self = .runner(method)
        } else if let method = ServiceInterface.Method(rawValue: name) {
            self = .service(method)
        } else {
            return nil
        }
    }

    public var interface: any VarlinkInterface.Type {
        switch self {
        case .datasets: DatasetsInterface.self
        case .inference: InferenceInterface.self
        case .jobs: JobsInterface.self
        case .manager: ManagerInterface.self
        case .models: ModelsInterface.self
        case .runner: RunnerInterface.self
        case .service: ServiceInterface.self
        }
    }
}
