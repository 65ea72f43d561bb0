// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// A file that the runner wrote: a model. file is its name in the job's directory. warning says what is amiss with it;
/// sqzd takes a model that has one only where a user names it. bits is how many a weight has, where that is not 32.
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
    public var history: [Generation]?
    public var bits: Int?

    public init(
        file: String, weightsSha256: String, architecture: String, bypass: String, classes: [String], parameters: Int,
        multiplyAdds: Int, preprocessing: String, layers: [Layer], warning: String? = nil, history: [Generation]? = nil,
        bits: Int? = nil
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
        self.history = history
        self.bits = bits
    }
}

/// What a job came to; what is no model is as in io.sqzd.Jobs.
public struct RunResult: Codable, Equatable, Sendable {
    public var images: Int?
    public var loss: Double?
    public var accuracy: Double?
    public var model: MadeModel?
    public var measured: String?
    public var warning: String?
    public var epoch: Int?
    public var lastEpoch: Int?
    public var epochs: Int?
    public var early: EarlyEnd?
    public var byClass: [ClassFigures]?
    public var flipped: Figures?
    public var measurement: Measurement?
    public var before: Figures?
    public var temperature: Double?

    public init(
        images: Int? = nil, loss: Double? = nil, accuracy: Double? = nil, model: MadeModel? = nil,
        measured: String? = nil, warning: String? = nil, epoch: Int? = nil, lastEpoch: Int? = nil, epochs: Int? = nil,
        early: EarlyEnd? = nil, byClass: [ClassFigures]? = nil, flipped: Figures? = nil,
        measurement: Measurement? = nil, before: Figures? = nil, temperature: Double? = nil
    ) {
        self.images = images
        self.loss = loss
        self.accuracy = accuracy
        self.model = model
        self.measured = measured
        self.warning = warning
        self.epoch = epoch
        self.lastEpoch = lastEpoch
        self.epochs = epochs
        self.early = early
        self.byClass = byClass
        self.flipped = flipped
        self.measurement = measurement
        self.before = before
        self.temperature = temperature
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

/// What was imported. trainByClass and testByClass are the pictures of each class, in the classes' order; fit is how
/// pictures became squares.
public struct Imported: Codable, Equatable, Sendable {
    public var format: String
    public var train: Int
    public var test: Int
    public var classes: [String]
    public var height: Int
    public var width: Int
    public var trainByClass: [Int]?
    public var testByClass: [Int]?
    public var fit: PictureFit?

    public init(
        format: String, train: Int, test: Int, classes: [String], height: Int, width: Int, trainByClass: [Int]? = nil,
        testByClass: [Int]? = nil, fit: PictureFit? = nil
    ) {
        self.format = format
        self.train = train
        self.test = test
        self.classes = classes
        self.height = height
        self.width = width
        self.trainByClass = trainByClass
        self.testByClass = testByClass
        self.fit = fit
    }
}

/// What a program speaks on its standard input and output to be a runner for sqzd, which is the client here. It logs on
/// standard error. When its standard input ends, sqzd is gone, and it ends too. One process serves one Import, one
/// Picture, one Run, or one Load with the calls of Classify after it. All numbers and units are as in io.sqzd.Jobs.
public enum RunnerInterface: VarlinkInterface {
    public static let name = "io.sqzd.Runner"
    public static let errors: Set<String> = [
        "InvalidOption", "NoSuchPicture", "BadData", "BadModel", "BadImage", "Diverged", "DiskFull", "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [
        Describe.self, Import.self, Run.self, Stop.self, Finish.self, Load.self, Inspect.self, Convert.self,
        Export.self, Classify.self, Picture.self,
    ]

    public enum Method: String, CaseIterable, Sendable {
        case describe = "io.sqzd.Runner.Describe"
        case `import` = "io.sqzd.Runner.Import"
        case run = "io.sqzd.Runner.Run"
        case stop = "io.sqzd.Runner.Stop"
        case finish = "io.sqzd.Runner.Finish"
        case load = "io.sqzd.Runner.Load"
        case inspect = "io.sqzd.Runner.Inspect"
        case convert = "io.sqzd.Runner.Convert"
        case export = "io.sqzd.Runner.Export"
        case classify = "io.sqzd.Runner.Classify"
        case picture = "io.sqzd.Runner.Picture"
    }

    /// Who the runner is. properties are for people, "kernels" among them. imports: it can make data sets; classifies:
    /// it can load the models that it makes; converts: it answers Convert; exports: it answers Export. A runner whose
    /// kinds make models answers Inspect. sqzd refuses jobs by what stands here; a runner checks again. ranksProgram is
    /// the path of the program that a launcher starts as many times as a job has ranks; absent where there is none,
    /// whatever the kinds say. It is no runner by itself and lies in no folder of runners.
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
            public var converts: Bool?
            public var exports: Bool?
            public var ranksProgram: String?

            public init(
                name: String, version: String, properties: [String: String], kinds: [JobKind], imports: Bool,
                classifies: Bool, converts: Bool? = nil, exports: Bool? = nil, ranksProgram: String? = nil
            ) {
                self.name = name
                self.version = version
                self.properties = properties
                self.kinds = kinds
                self.imports = imports
                self.classifies = classifies
                self.converts = converts
                self.exports = exports
                self.ranksProgram = ranksProgram
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

    /// Runs a job. dataset and model are paths; model is that of the model that the kind uses, or of the one that it
    /// tunes; models are those of options of type model, by the options' names. directory is the job's own: checkpoints
    /// are kept there, and a run that finds one goes on from it. Needs `more`. Replies hold any of: progress, with
    /// epochEnded when it closes an epoch; predictions. A run that goes on tells again of the epochs before, as the
    /// last one may have been killed while it did; sqzd keeps each once. The last reply has result, or stopped if Stop
    /// ended the run after a checkpoint, or cancelled, which says who else cancelled it. waits says for what the job
    /// waits that others give out, machines for instance, and until when; it waits until a reply has none. To kinds
    /// that are named the call says what users call the data set and the model, NAME@VERSION, and the sha256 of the
    /// data set's file: for a model's history.
    public enum Run: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Run"

        public struct Parameters: Codable, Equatable, Sendable {
            public var id: Int
            public var kind: String
            public var options: [String: JSONValue]
            public var dataset: String?
            public var model: String?
            public var directory: String
            public var datasetName: String?
            public var datasetSha256: String?
            public var modelName: String?
            public var models: [String: String]?

            public init(
                id: Int, kind: String, options: [String: JSONValue], dataset: String? = nil, model: String? = nil,
                directory: String, datasetName: String? = nil, datasetSha256: String? = nil, modelName: String? = nil,
                models: [String: String]? = nil
            ) {
                self.id = id
                self.kind = kind
                self.options = options
                self.dataset = dataset
                self.model = model
                self.directory = directory
                self.datasetName = datasetName
                self.datasetSha256 = datasetSha256
                self.modelName = modelName
                self.models = models
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var progress: Progress?
            public var epochEnded: Bool?
            public var predictions: [Prediction]?
            public var result: RunResult?
            public var stopped: Bool?
            public var waits: String?
            public var cancelled: String?

            public init(
                progress: Progress? = nil, epochEnded: Bool? = nil, predictions: [Prediction]? = nil,
                result: RunResult? = nil, stopped: Bool? = nil, waits: String? = nil, cancelled: String? = nil
            ) {
                self.progress = progress
                self.epochEnded = epochEnded
                self.predictions = predictions
                self.result = result
                self.stopped = stopped
                self.waits = waits
                self.cancelled = cancelled
            }
        }
    }

    /// Ends the run at its next step, with a checkpoint. Sent as `oneway` while Run is being answered: it has no reply,
    /// and is the one call that a runner must take out of its turn. again: sqzd ends, and runs the job again when it is
    /// back: what the job waits for elsewhere may keep its place in the line.
    public enum Stop: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Stop"

        public struct Parameters: Codable, Equatable, Sendable {
            public var again: Bool?

            public init(again: Bool? = nil) {
                self.again = again
            }
        }

        public typealias Reply = NoParameters
    }

    /// Ends the run after the step in hand with a result, made of what there is. Sent as Stop is, and only to kinds
    /// that say that they finish; Stop may come after it. A run that goes on from a checkpoint may get it before its
    /// first step.
    public enum Finish: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Finish"

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
    /// user imports, where the runner has no Convert.
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

    /// Tells what the model at a path is, which a user imports, whatever program wrote it: as Inspect does, with an
    /// empty file, where the runner can use it as it is; else it is written anew at the path output, and file is that
    /// path's last part. classes and preprocessing are as in io.sqzd.Models.Import. remarks say what was taken for
    /// granted, a sentence each.
    public enum Convert: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Convert"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String
            public var output: String
            public var classes: [String]?
            public var preprocessing: String?

            public init(model: String, output: String, classes: [String]? = nil, preprocessing: String? = nil) {
                self.model = model
                self.output = output
                self.classes = classes
                self.preprocessing = preprocessing
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: MadeModel
            public var remarks: [String]?

            public init(model: MadeModel, remarks: [String]? = nil) {
                self.model = model
                self.remarks = remarks
            }
        }
    }

    /// Writes the model at a path as another program's file, as io.sqzd.Models.Export describes it. Needs `more`.
    public enum Export: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Export"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String
            public var format: String
            public var floatInput: Bool?

            public init(model: String, format: String, floatInput: Bool? = nil) {
                self.model = model
                self.format = format
                self.floatInput = floatInput
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var data: String
            public var size: Int
            public var module: String?

            public init(data: String, size: Int, module: String? = nil) {
                self.data = data
                self.size = size
                self.module = module
            }
        }
    }

    /// Classifies pictures as io.sqzd.Inference.Classify describes them, as with skipBad. A runner that can't go on
    /// after a picture that it can't use answers BadImage, and classifies none. Nobody else who uses the model is
    /// answered meanwhile: a runner may leave pictures for the next call, all after the first that it leaves, each with
    /// again, which means that it was not looked at. It looks at the first picture of every call. engine is for how
    /// many microseconds the network computed.
    public enum Classify: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Classify"

        public struct Parameters: Codable, Equatable, Sendable {
            public var images: [String]
            public var top: Int
            public var flip: Bool?

            public init(images: [String], top: Int, flip: Bool? = nil) {
                self.images = images
                self.top = top
                self.flip = flip
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var results: [Classification]
            public var engine: Int?

            public init(results: [Classification], engine: Int? = nil) {
                self.results = results
                self.engine = engine
            }
        }
    }

    /// Gets one picture out of the data set at a path, as io.sqzd.Datasets.Picture describes it. Asked of a process of
    /// its own, within a minute; a runner that makes data sets answers it.
    public enum Picture: VarlinkMethod {
        public static let name = "io.sqzd.Runner.Picture"

        public struct Parameters: Codable, Equatable, Sendable {
            public var dataset: String
            public var split: DatasetSplit?
            public var picture: Int?
            public var file: String?

            public init(dataset: String, split: DatasetSplit? = nil, picture: Int? = nil, file: String? = nil) {
                self.dataset = dataset
                self.split = split
                self.picture = picture
                self.file = file
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var data: String
            public var picture: Int
            public var label: Int
            public var className: String
            public var file: String?

            public init(data: String, picture: Int, label: Int, className: String, file: String? = nil) {
                self.data = data
                self.picture = picture
                self.label = label
                self.className = className
                self.file = file
            }
        }
    }
}
