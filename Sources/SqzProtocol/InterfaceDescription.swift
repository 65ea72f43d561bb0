public import Varlink

/// An interface, and its text in Varlink's interface definition language.
public struct InterfaceDescription: Sendable {
    public let interface: any VarlinkInterface.Type
    /// From `protocol/`.
    public let text: String

    public var name: String { interface.name }

    /// What `sqzd` serves, and what a runner serves.
    public static let all: [InterfaceDescription] = [
        InterfaceDescription(interface: ServiceInterface.self, text: ServiceInterface.description),
        InterfaceDescription(JobsInterface.self, PackageResources.io_sqzd_Jobs_varlink),
        InterfaceDescription(InferenceInterface.self, PackageResources.io_sqzd_Inference_varlink),
        InterfaceDescription(ModelsInterface.self, PackageResources.io_sqzd_Models_varlink),
        InterfaceDescription(DatasetsInterface.self, PackageResources.io_sqzd_Datasets_varlink),
        InterfaceDescription(ManagerInterface.self, PackageResources.io_sqzd_Manager_varlink),
        InterfaceDescription(RunnerInterface.self, PackageResources.io_sqzd_Runner_varlink),
    ]

    private init(interface: any VarlinkInterface.Type, text: String) {
        self.interface = interface
        self.text = text
    }

    private init(_ interface: any VarlinkInterface.Type, _ file: [UInt8]) {
        self.init(interface: interface, text: String(decoding: file, as: UTF8.self))
    }
}
