// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// size is the file's, in bytes; sha256 is the file's, weightsSha256 that of the weights alone (float32, little-endian,
/// in the order of the layers; of fewer bits the weights, scales, biases and steps). bits is how many a weight has,
/// where that is not 32. accuracy and loss are those on the pictures kept for validation. createdAt is in microseconds
/// since 1970-01-01 00:00:00 UTC. A model with a warning, as that it is no better than chance, is used only where it is
/// named. uid is the user who made it, owner the one whose its name is. promoted: it is what NAME means. pinned: so,
/// and it stays loaded. loaded: it has a runner to classify with, or is about to.
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
    public var owner: Int?
    public var promoted: Bool?
    public var tags: [String]?
    public var pinned: Bool?
    public var loaded: Bool?
    public var bits: Int?

    public init(
        name: String, version: Int, sha256: String, weightsSha256: String, size: Int, architecture: String,
        bypass: String, classes: [String], parameters: Int, multiplyAdds: Int, preprocessing: String, runner: String,
        job: Int? = nil, uid: Int, dataset: String? = nil, createdAt: Int, loss: Double? = nil, accuracy: Double? = nil,
        warning: String? = nil, owner: Int? = nil, promoted: Bool? = nil, tags: [String]? = nil, pinned: Bool? = nil,
        loaded: Bool? = nil, bits: Int? = nil
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
        self.owner = owner
        self.promoted = promoted
        self.tags = tags
        self.pinned = pinned
        self.loaded = loaded
        self.bits = bits
    }
}

/// A version that was removed, by whom and when, and its file's sha256. It is not given out again.
public struct RemovedModel: Codable, Equatable, Sendable {
    public var name: String
    public var version: Int
    public var sha256: String
    public var removedAt: Int
    public var removedBy: Int

    public init(name: String, version: Int, sha256: String, removedAt: Int, removedBy: Int) {
        self.name = name
        self.version = version
        self.sha256 = sha256
        self.removedAt = removedAt
        self.removedBy = removedBy
    }
}

/// How a name's models are served. Calls that wait are joined up to so many pictures, 1 to 1,024 (a call of more goes
/// alone); pictures wait at most maxDelay milliseconds, 0 to 10,000, for others to join them; so many runners work on
/// them at the same time, 1 to 4, as far as there is room for further ones, 4 of all models; a model that nobody used
/// for keep seconds, 1 to 86,400, is unloaded.
public struct Serving: Codable, Equatable, Sendable {
    public var maxBatch: Int
    public var maxDelay: Int
    public var runners: Int
    public var keep: Int

    public init(maxBatch: Int, maxDelay: Int, runners: Int, keep: Int) {
        self.maxBatch = maxBatch
        self.maxDelay = maxDelay
        self.runners = runners
        self.keep = keep
    }
}

/// The models that training jobs made. A model never changes; training under the same name makes a new version.
/// A model's name is NAME or USER/NAME: letters, digits, '.', '_' and '-', at most 64 each. It belongs to the user who
/// used it first; USER/NAME to USER, a name or number of the system's. Only its owner and administrators publish under
/// it, promote, tag, rename or pin it; everybody may use it. A model is NAME@VERSION, NAME@TAG, or NAME, which is the
/// promoted version: the one that was promoted by Promote or Rollback, else the newest of its owner's, else the newest.
/// So once a version was promoted, what is trained under the name later answers only when it is promoted too.
public enum ModelsInterface: VarlinkInterface {
    public static let name = "io.sqzd.Models"
    public static let errors: Set<String> = [
        "NoSuchModel", "ModelInUse", "BadModel", "NoSuchUpload", "WrongOffset", "InvalidOption", "Busy", "RunnerFailed",
        "Stopping", "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [
        List.self, Show.self, Remove.self, Removed.self, Promote.self, Rollback.self, Tag.self, Untag.self, Rename.self,
        Give.self, Load.self, Unload.self, Pin.self, Unpin.self, Serve.self, Read.self, Export.self, Import.self,
    ]

    public enum Method: String, CaseIterable, Sendable {
        case list = "io.sqzd.Models.List"
        case show = "io.sqzd.Models.Show"
        case remove = "io.sqzd.Models.Remove"
        case removed = "io.sqzd.Models.Removed"
        case promote = "io.sqzd.Models.Promote"
        case rollback = "io.sqzd.Models.Rollback"
        case tag = "io.sqzd.Models.Tag"
        case untag = "io.sqzd.Models.Untag"
        case rename = "io.sqzd.Models.Rename"
        case give = "io.sqzd.Models.Give"
        case load = "io.sqzd.Models.Load"
        case unload = "io.sqzd.Models.Unload"
        case pin = "io.sqzd.Models.Pin"
        case unpin = "io.sqzd.Models.Unpin"
        case serve = "io.sqzd.Models.Serve"
        case read = "io.sqzd.Models.Read"
        case export = "io.sqzd.Models.Export"
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

    /// A model by NAME (its promoted version), NAME@VERSION or NAME@TAG, its layers, and its history, at most 16
    /// generations: how it was made, then how the model was that it was tuned from, and so on; and how it is served.
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
            public var history: [Generation]?
            public var serving: Serving?

            public init(model: Model, layers: [Layer], history: [Generation]? = nil, serving: Serving? = nil) {
                self.model = model
                self.layers = layers
                self.history = history
                self.serving = serving
            }
        }
    }

    /// Removes a model that no waiting or running job uses: NAME@VERSION or NAME@TAG; NAME alone where it has one
    /// version, or, with all, all of them. The reply says which, as NAME@VERSION, model the first of them. A version is
    /// not given out again. One that was promoted by Promote or Rollback is removed with all others only.
    public enum Remove: VarlinkMethod {
        public static let name = "io.sqzd.Models.Remove"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String
            public var all: Bool?

            public init(model: String, all: Bool? = nil) {
                self.model = model
                self.all = all
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String?
            public var removed: [String]?

            public init(model: String? = nil, removed: [String]? = nil) {
                self.model = model
                self.removed = removed
            }
        }
    }

    /// The versions that were removed, at most 1,000, the last one first.
    public enum Removed: VarlinkMethod {
        public static let name = "io.sqzd.Models.Removed"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var removed: [RemovedModel]

            public init(removed: [RemovedModel]) {
                self.removed = removed
            }
        }
    }

    /// Has NAME mean NAME@VERSION (or NAME@TAG) from now on. With NAME alone it means its owner's newest again, and
    /// those that come. The model is loaded and its file verified before; calls that are under way end with the version
    /// that they began with. The reply says what NAME means now, and what it meant before.
    public enum Promote: VarlinkMethod {
        public static let name = "io.sqzd.Models.Promote"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String
            public var before: String?

            public init(model: String, before: String? = nil) {
                self.model = model
                self.before = before
            }
        }
    }

    /// Has NAME mean what was promoted before; where nothing was, its owner's version before this one. As Promote
    /// otherwise.
    public enum Rollback: VarlinkMethod {
        public static let name = "io.sqzd.Models.Rollback"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String

            public init(name: String) {
                self.name = name
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String
            public var before: String?

            public init(model: String, before: String? = nil) {
                self.model = model
                self.before = before
            }
        }
    }

    /// Gives a version a tag: a word like a name, with a letter in it, that no other version of the name has then; at
    /// most 64 a name. The reply says which version it is, and which had the tag before.
    public enum Tag: VarlinkMethod {
        public static let name = "io.sqzd.Models.Tag"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String
            public var tag: String

            public init(model: String, tag: String) {
                self.model = model
                self.tag = tag
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String
            public var before: String?

            public init(model: String, before: String? = nil) {
                self.model = model
                self.before = before
            }
        }
    }

    /// Takes a tag away; model is NAME@TAG. The reply says from which version.
    public enum Untag: VarlinkMethod {
        public static let name = "io.sqzd.Models.Untag"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }
    }

    /// Gives a name that nobody has to a model, all its versions, tags and removed versions. The old name stays its
    /// owner's and means the new one, so that jobs and programs that use it go on, while there is a version of it.
    public enum Rename: VarlinkMethod {
        public static let name = "io.sqzd.Models.Rename"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var to: String

            public init(name: String, to: String) {
                self.name = name
                self.to = to
            }
        }

        public typealias Reply = NoParameters
    }

    /// Gives a name to another user, which administrators may; USER/NAME is USER's and can't be given away.
    public enum Give: VarlinkMethod {
        public static let name = "io.sqzd.Models.Give"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var uid: Int

            public init(name: String, uid: Int) {
                self.name = name
                self.uid = uid
            }
        }

        public typealias Reply = NoParameters
    }

    /// Loads a model to classify with it, if it is not loaded, and answers when it is.
    public enum Load: VarlinkMethod {
        public static let name = "io.sqzd.Models.Load"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }
    }

    /// Ends the runner of a model that is loaded, not pinned and not in use; the next use loads it anew.
    public enum Unload: VarlinkMethod {
        public static let name = "io.sqzd.Models.Unload"

        public struct Parameters: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }
    }

    /// Keeps what NAME means loaded, also when it comes to mean another version, and when the daemon starts; at most 4
    /// names.
    public enum Pin: VarlinkMethod {
        public static let name = "io.sqzd.Models.Pin"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String

            public init(name: String) {
                self.name = name
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: String

            public init(model: String) {
                self.model = model
            }
        }
    }

    /// Has what NAME means unloaded again when nobody uses it.
    public enum Unpin: VarlinkMethod {
        public static let name = "io.sqzd.Models.Unpin"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String

            public init(name: String) {
                self.name = name
            }
        }

        public typealias Reply = NoParameters
    }

    /// Settings of how a name's models are served, now and after a start of the daemon; what is missing stays as it is.
    /// With reset all are first as for every other name: 64 pictures, no delay, one runner, and the configuration's
    /// unloadAfterSeconds. Its owner and administrators may. The reply says what holds.
    public enum Serve: VarlinkMethod {
        public static let name = "io.sqzd.Models.Serve"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var maxBatch: Int?
            public var maxDelay: Int?
            public var runners: Int?
            public var keep: Int?
            public var reset: Bool?

            public init(
                name: String, maxBatch: Int? = nil, maxDelay: Int? = nil, runners: Int? = nil, keep: Int? = nil,
                reset: Bool? = nil
            ) {
                self.name = name
                self.maxBatch = maxBatch
                self.maxDelay = maxDelay
                self.runners = runners
                self.keep = keep
                self.reset = reset
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var serving: Serving

            public init(serving: Serving) {
                self.serving = serving
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

    /// A model as another program's file, in pieces of at most 1 MiB, as base64; size is the whole file's, in bytes.
    /// Needs `more`. format is onnx, pytorch or deep-compression; safetensors is what Read gives. An ONNX graph takes
    /// pictures, and normalizes them itself; with floatInput it takes what is normalized. A PyTorch file is a state
    /// dict; module, in the first reply, is the Python text that makes the network of it. Nothing of it is kept: one
    /// file for each user is on its way at a time, and a client that takes no piece for 20 seconds gets Failed.
    public enum Export: VarlinkMethod {
        public static let name = "io.sqzd.Models.Export"

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

    /// Registers an uploaded model file (io.sqzd.Datasets.Offer and Write), such as Read gives or another program
    /// wrote, as the next version of name; what a file is, its content says. classes are the names of the classes,
    /// instead of those in the file; preprocessing is what pictures go through, by the word for whoever trained the
    /// model (torchvision, caffe, keras, tutorial), instead of what the file says. remarks say what was taken for
    /// granted where neither said it. What is no model, and what is refused for its name or for one of these words,
    /// leaves no upload.
    public enum Import: VarlinkMethod {
        public static let name = "io.sqzd.Models.Import"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var sha256: String
            public var classes: [String]?
            public var preprocessing: String?

            public init(name: String, sha256: String, classes: [String]? = nil, preprocessing: String? = nil) {
                self.name = name
                self.sha256 = sha256
                self.classes = classes
                self.preprocessing = preprocessing
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var model: Model
            public var remarks: [String]?

            public init(model: Model, remarks: [String]? = nil) {
                self.model = model
                self.remarks = remarks
            }
        }
    }
}
