internal import Varlink

/// An interface in Varlink's interface definition language.
public struct InterfaceDescription: Sendable {
    public let name: String
    /// The text, from `protocol/`.
    public let text: String

    /// What `sqzd` serves, and what a runner serves.
    public static let all: [InterfaceDescription] = [
        InterfaceDescription(name: ServiceInterface.name, text: ServiceInterface.description),
        InterfaceDescription(JobsInterface.name, PackageResources.io_sqzd_Jobs_varlink),
        InterfaceDescription(InferenceInterface.name, PackageResources.io_sqzd_Inference_varlink),
        InterfaceDescription(ModelsInterface.name, PackageResources.io_sqzd_Models_varlink),
        InterfaceDescription(DatasetsInterface.name, PackageResources.io_sqzd_Datasets_varlink),
        InterfaceDescription(ManagerInterface.name, PackageResources.io_sqzd_Manager_varlink),
        InterfaceDescription(RunnerInterface.name, PackageResources.io_sqzd_Runner_varlink),
    ]

    /// The full names of its methods.
    public var methods: [String] {
        text.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("method ") else { return nil }
            return "\(name)." + line.dropFirst("method ".count).prefix { $0 != "(" && $0 != " " }
        }
    }

    private init(name: String, text: String) {
        self.name = name
        self.text = text
    }

    private init(_ name: String, _ file: [UInt8]) {
        self.init(name: name, text: String(decoding: file, as: UTF8.self))
    }
}
