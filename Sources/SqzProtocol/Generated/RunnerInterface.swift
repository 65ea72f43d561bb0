// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// A file that the runner wrote: a model. file is its name in the job's directory. warning says what is amiss with it;
/// sqzd takes a model that has one only where a user names it.
public struct MadeModel: Codable, Equatable, Sendable {
    public var file: String
    public var weightsSha256: String
    public var architecture: String
    public var bypass: String
    public var classes: [String]
    public var parameters: Int
    public var multiplyAdds: Int
    public var preprocessing: String
    public var layers: [Layer]
    public var warning: String?

    public init(
        file: String, weightsSha256: String, architecture: String, bypass: String, classes: [String], parameters: Int,
        multiplyAdds: Int, preprocessing: String, layers: [Layer], warning: String? = nil
    ) {
        self.file = file
        self.weightsSha256 = weightsSha256
        self.architecture = architecture
        self.bypass = bypass
        self.classes = classes
        self.parameters = parameters
        self.multiplyAdds = multiplyAdds
        self.preprocessing = preprocessing
        self.layers = layers
        self.warning = warning
    }
}

/// What a job came to; measured and warning are as in io.sqzd.Jobs.
public struct RunResult: Codable, Equatable, Sendable {
    public var images: Int?
    public var loss: Double?
    public var accuracy: Double?
    public var model: MadeModel?
    public var measured: String?
    public var warning: String?

    public init(
        images: Int? = nil, loss: Double? = nil, accuracy: Double? = nil, model: MadeModel? = nil,
        measured: String? = nil, warning: String? = nil
    ) {
        self.images = images
        self.loss = loss
        self.accuracy = accuracy
        self.model = model
        self.measured = measured
        self.warning = warning
    }
}

/// A file to import, or a folder with all that is below it, and the name it has to the user.
public struct InputFile: Codable, Equatable, Sendable {
    public var name: String
    public var path: String

    public init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}

/// What was imported. trainByClass and testByClass are the pictures of each class, in the classes' order.
public struct Imported: Codable, Equatable, Sendable {
    public var format: String
    public var train: Int
    public var test: Int
    public var classes: [String]
    public var height: Int
    public var width: Int
    public var trainByClass: [Int]?
    public var testByClass: [Int]?

    public init(
        format: String, train: Int, test: Int, classes: [String], height: Int, width: Int, trainByClass: [Int]? = nil,
        testByClass: [Int]? = nil
    ) {
        self.format = format
        self.train = train
        self.test = test
        self.classes = classes
        self.height = height
        self.width = width
        self.trainByClass = trainByClass
        self.testByClass = testByClass
    }
}

/// What a program speaks on its standard input and output to be a runner for sqzd, which is the client here. It logs on
/// standard error. When its standard input ends, sqzd is gone, and it ends too. One process serves one Import, one Run,
/// or one Load with the calls of Classify after it. All numbers and units are as in io.sqzd.Jobs.
public enum RunnerInterface: VarlinkInterface {
    public static let name = "io.sqzd.Runner"
    public static let errors: Set<String> = ["InvalidOption", "BadData", "BadModel", "BadImage", "Diverged", "Failed"]
    public static let methods: [any VarlinkMethod.Type] = [
        Describe.self, Import.self, Run.self, Stop.self, Load.self, Inspect.self, Classify.self,
    ]

    public enum Method: String, CaseIterable, Sendable {
        case describe = "io.sqzd.Runner.Describe"
        case `import` = "io.sqzd.Runner.Import"
        case run = "io.sqzd.Runner.Run"
        case stop = "io.sqzd.Runner.Stop"
        case load = "io.sqzd.Runner.Load"
        case inspect = "io.sqzd.Runner.Inspect"
        case classify = "io.sqzd.Runner.Classify"
    }

    /// Who the runner is. properties are for people, "kernels" among them. imports: it can make data sets; classifies:
    /// it can load the models that it makes. A runner whose kinds make models answers Inspect. sqzd refuses jobs by
    /// what stands here; a runner checks again.
    public enum Describe: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Describe"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var name: String
            public var version: String
            public var properties: [String: String]
            public var kinds: [JobKind]
            public var imports: Bool
            public var classifies: Bool

            public init(
                name: String, version: String, properties: [String: String], kinds: [JobKind], imports: Bool,
                classifies: Bool
            ) {
                self.name = name
                self.version = version
                self.properties = properties
                self.kinds = kinds
                self.imports = imports
                self.classifies = classifies
            }
        }
    }

    /// Makes one file of users' files, at the path output; the others are as in io.sqzd.Datasets. Needs `more`: replies
    /// say how many pictures were read, and which can't be, the last one has imported.
    public enum Import: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Import"

        public struct Parameters: Codable, Equatable, Sendable {
            public var files: [InputFile]
            public var classes: [String]?
            public var output: String
            public var size: Int?
            public var fit: PictureFit?
            public var skipUnreadable: Bool?

            public init(
                files: [InputFile], classes: [String]? = nil, output: String, size: Int? = nil, fit: PictureFit? = nil,
                skipUnreadable: Bool? = nil
            ) {
                self.files = files
                self.classes = classes
                self.output = output
                self.size = size
                self.fit = fit
                self.skipUnreadable = skipUnreadable
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var pictures: Int?
            public var imported: Imported?
            public var total: Int?
            public var unreadable: [UnreadablePicture]?
            public var summary: ImportSummary?

            public init(
                pictures: Int? = nil, imported: Imported? = nil, total: Int? = nil,
                unreadable: [UnreadablePicture]? = nil, summary: ImportSummary? = nil
            ) {
                self.pictures = pictures
                self.imported = imported
                self.total = total
                self.unreadable = unreadable
                self.summary = summary
            }
        }
    }

    /// Runs a job. dataset and model are paths. directory is the job's own: checkpoints are kept there, and a run that
    /// finds one goes on from it. Needs `more`. Replies hold any of: progress, with epochEnded when it closes an epoch;
    /// predictions. A run that goes on tells again of the epochs before, as the last one may have been killed while it
    /// did; sqzd keeps each once. The last reply has result, or stopped if Stop ended the run after a checkpoint.
    public enum Run: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Run"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var kind: String
            public var options: [String: JSONValue]
            public var dataset: String?
            public var model: String?
            public var directory: String

            public init(
                id: Int, kind: String, options: [String: JSONValue], dataset: String? = nil, model: String? = nil,
                directory: String
            ) {
                self.id = id
                self.kind = kind
                self.options = options
                self.dataset = dataset
                self.model = model
                self.directory = directory
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var progress: Progress?
            public var epochEnded: Bool?
            public var predictions: [Prediction]?
            public var result: RunResult?
            public var stopped: Bool?

            public init(
                progress: Progress? = nil, epochEnded: Bool? = nil, predictions: [Prediction]? = nil,
                result: RunResult? = nil, stopped: Bool? = nil
            ) {
                self.progress = progress
                self.epochEnded = epochEnded
                self.predictions = predictions
                self.result = result
                self.stopped = stopped
            }
        }
    }

    /// Ends the run at its next step, with a checkpoint. Sent as `oneway` while Run is being answered: it has no reply,
    /// and is the one call that a runner must take out of its turn.
    public enum Stop: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Stop"

        public typealias Parameters = NoParameters

        public typealias Reply = NoParameters
    }

    /// Loads the model at a path for Classify.
    public enum Load: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Load"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public typealias Reply = NoParameters
    }

    /// Tells what the model at a path is; file is empty. Asked of a process of its own, within a minute, for each model
    /// that a job has made, before it is registered: without an answer the job has failed. And for each model that a
    /// user imports.
    public enum Inspect: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Inspect"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: MadeModel

            public init(model: MadeModel) {
                self.model = model
            }
        }
    }

    /// Classifies pictures as io.sqzd.Inference.Classify describes them, as with skipBad. A runner that can't go on
    /// after a picture that it can't use answers BadImage, and classifies none.
    public enum Classify: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Classify"

        public struct Parameters: Codable, Equatable, Sendable {
            public var images: [String]
            public var top: Int

            public init(images: [String], top: Int) {
                self.images = images
                self.top = top
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var results: [Classification]

            public init(results: [Classification]) {
                self.results = results
            }
        }
    }
}
