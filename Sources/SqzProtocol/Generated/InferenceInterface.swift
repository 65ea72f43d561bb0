// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// Where the time of a call went, in microseconds: while its pictures waited for the runner; while the runner had them,
/// with those of other calls, without computing (it reads them, and ends the call before); while it computed all that
/// it had of it, which it does for all calls that went together at once. engine is missing where the runner does not
/// tell, batch is all of the two then.
public struct Timings: Codable, Equatable, Sendable {
    public var queue: Int
    public var batch: Int
    public var engine: Int?

    public init(queue: Int, batch: Int, engine: Int? = nil) {
        self.queue = queue
        self.batch = batch
        self.engine = engine
    }
}

/// Classifying pictures at once, on a model that is kept loaded.
public enum InferenceInterface: VarlinkInterface {
    public static let name = "io.sqzd.Inference"
    public static let errors: Set<String> = [
        "NoModels", "NoSuchModel", "BadImage", "TooManyImages", "Busy", "TimedOut", "RunnerFailed", "Stopping",
        "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [Classify.self]

    public enum Method: String, CaseIterable, Sendable {
        case classify = "io.sqzd.Inference.Classify"
    }

    /// Classifies pictures, each as base64: a PNG, JPEG or WebP file of any size in pixels and at most 12,000,000
    /// bytes, which is known by its content and shown upright, over white; or 3,072 bytes (32x32 pixels; all of the
    /// red, then the green, then the blue plane, row by row) or 3,073 bytes (the label first, as in a CIFAR-10 file).
    /// There are 1,024 at most. model is NAME, NAME@VERSION or NAME@TAG; by default the caller's own newest one without
    /// a warning, else the default model of the configuration. top is how many classes to name, 5 by default. With
    /// skipBad, each picture that can't be used has its problem among the results; else the first one is the error
    /// BadImage. model in the reply is NAME@VERSION. There is a result for each picture, in their order. With `more`
    /// there may be several replies, each with the results after those of the one before. Of large pictures one call
    /// has 2,147,483,648 values (width x height x 3 or 4 channels, as files say) decoded at most, and at least half of
    /// that if it has as many; those after it have a problem and `again`. A call whose pictures have waited for timeout
    /// milliseconds, 1 to 3,600,000, without being begun is the error TimedOut. With timings, each reply with results
    /// says where the time went since the call came, or since the reply before. With flip, classes come from the mean
    /// of the logits of each picture and its mirror image, in twice the time.
    public enum Classify: VarlinkMethod {
        public static let name = "io.sqzd.Inference.Classify"

        public struct Parameters: Codable, Equatable, Sendable {
            public var images: [String]
            public var model: String?
            public var top: Int?
            public var skipBad: Bool?
            public var timeout: Int?
            public var timings: Bool?
            public var flip: Bool?

            public init(
                images: [String], model: String? = nil, top: Int? = nil, skipBad: Bool? = nil, timeout: Int? = nil,
                timings: Bool? = nil, flip: Bool? = nil
            ) {
                self.images = images
                self.model = model
                self.top = top
                self.skipBad = skipBad
                self.timeout = timeout
                self.timings = timings
                self.flip = flip
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String
            public var results: [Classification]
            public var timings: Timings?

            public init(model: String, results: [Classification], timings: Timings? = nil) {
                self.model = model
                self.results = results
                self.timings = timings
            }
        }
    }
}
