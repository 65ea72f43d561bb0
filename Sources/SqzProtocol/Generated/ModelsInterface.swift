// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// size is the file's, in bytes; sha256 is the file's, weightsSha256 that of the weights alone (float32, little-endian,
/// in the order of the layers). accuracy and loss are those on the pictures kept for validation. createdAt is in
/// microseconds since 1970-01-01 00:00:00 UTC. A model with a warning, as that it is no better than chance, is used
/// only where it is named.
public struct Model: Codable, Equatable, Sendable {
    public var name: String
    public var version: Int
    public var sha256: String
    public var weightsSha256: String
    public var size: Int
    public var architecture: String
    public var bypass: String
    public var classes: [String]
    public var parameters: Int
    public var multiplyAdds: Int
    public var preprocessing: String
    public var runner: String
    public var job: Int?
    public var uid: Int
    public var dataset: String?
    public var createdAt: Int
    public var loss: Double?
    public var accuracy: Double?
    public var warning: String?

    public init(
        name: String, version: Int, sha256: String, weightsSha256: String, size: Int, architecture: String,
        bypass: String, classes: [String], parameters: Int, multiplyAdds: Int, preprocessing: String, runner: String,
        job: Int? = nil, uid: Int, dataset: String? = nil, createdAt: Int, loss: Double? = nil, accuracy: Double? = nil,
        warning: String? = nil
    ) {
        self.name = name
        self.version = version
        self.sha256 = sha256
        self.weightsSha256 = weightsSha256
        self.size = size
        self.architecture = architecture
        self.bypass = bypass
        self.classes = classes
        self.parameters = parameters
        self.multiplyAdds = multiplyAdds
        self.preprocessing = preprocessing
        self.runner = runner
        self.job = job
        self.uid = uid
        self.dataset = dataset
        self.createdAt = createdAt
        self.loss = loss
        self.accuracy = accuracy
        self.warning = warning
    }
}

/// The models that training jobs made. A model never changes; training under the same name makes a new version.
public enum ModelsInterface: VarlinkInterface {
    public static let name = "io.sqzd.Models"
    public static let errors: Set<String> = [
        "NoSuchModel", "ModelInUse", "BadModel", "NoSuchUpload", "WrongOffset", "InvalidOption", "Busy", "RunnerFailed",
        "Stopping", "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [List.self, Show.self, Remove.self, Read.self, Import.self]

    public enum Method: String, CaseIterable, Sendable {
        case list = "io.sqzd.Models.List"
        case show = "io.sqzd.Models.Show"
        case remove = "io.sqzd.Models.Remove"
        case read = "io.sqzd.Models.Read"
        case `import` = "io.sqzd.Models.Import"
    }

    /// All models, newest first.
    public enum List: VarlinkMethod {
        public static let name = "io.sqzd.Models.List"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var models: [Model]

            public init(models: [Model]) {
                self.models = models
            }
        }
    }

    /// A model by NAME (its highest version) or NAME@VERSION, and its layers.
    public enum Show: VarlinkMethod {
        public static let name = "io.sqzd.Models.Show"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: Model
            public var layers: [Layer]

            public init(model: Model, layers: [Layer]) {
                self.model = model
                self.layers = layers
            }
        }
    }

    /// Removes a model that no waiting or running job uses; NAME alone is its highest version. The reply says which, as
    /// NAME@VERSION. Its version is not given out again.
    public enum Remove: VarlinkMethod {
        public static let name = "io.sqzd.Models.Remove"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String?

            public init(model: String? = nil) {
                self.model = model
            }
        }
    }

    /// A piece of a model's file, at most 1 MiB, as base64, from offset on, and the file's size. The file is a
    /// safetensors file with the weights under PyTorch's names.
    public enum Read: VarlinkMethod {
        public static let name = "io.sqzd.Models.Read"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String
            public var offset: Int

            public init(model: String, offset: Int) {
                self.model = model
                self.offset = offset
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var data: String
            public var size: Int

            public init(data: String, size: Int) {
                self.data = data
                self.size = size
            }
        }
    }

    /// Registers an uploaded model file (io.sqzd.Datasets.Offer and Write), such as Read gives, as the next version of
    /// name.
    public enum Import: VarlinkMethod {
        public static let name = "io.sqzd.Models.Import"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var sha256: String

            public init(name: String, sha256: String) {
                self.name = name
                self.sha256 = sha256
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: Model

            public init(model: Model) {
                self.model = model
            }
        }
    }
}
