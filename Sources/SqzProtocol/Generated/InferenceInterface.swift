// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// Classifying pictures at once, on a model that is kept loaded.
public enum InferenceInterface: VarlinkInterface {
    public static let name = "io.sqzd.Inference"
    public static let errors: Set<String> = [
        "NoModels", "NoSuchModel", "BadImage", "TooManyImages", "Busy", "RunnerFailed", "Stopping", "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [Classify.self]

    public enum Method: String, CaseIterable, Sendable {
        case classify = "io.sqzd.Inference.Classify"
    }

    /// Classifies pictures, each as base64: a PNG, JPEG or WebP file of any size in pixels and at most 12,000,000
    /// bytes, which is known by its content and shown upright, over white; or 3,072 bytes (32x32 pixels; all of the
    /// red, then the green, then the blue plane, row by row) or 3,073 bytes (the label first, as in a CIFAR-10 file).
    /// There are 1,024 at most. model is NAME or NAME@VERSION; by default the default model of the configuration, else
    /// the newest one without a warning. top is how many classes to name, 5 by default. With skipBad, each picture that
    /// can't be used has its problem among the results; else the first one is the error BadImage. model in the reply is
    /// NAME@VERSION. There is a result for each picture, in their order.
    public enum Classify: VarlinkMethod {
        public static let name = "io.sqzd.Inference.Classify"

        public struct Parameters: Codable, Equatable, Sendable {
            public var images: [String]
            public var model: String?
            public var top: Int?
            public var skipBad: Bool?

            public init(images: [String], model: String? = nil, top: Int? = nil, skipBad: Bool? = nil) {
                self.images = images
                self.model = model
                self.top = top
                self.skipBad = skipBad
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String
            public var results: [Classification]

            public init(model: String, results: [Classification]) {
                self.model = model
                self.results = results
            }
        }
    }
}
