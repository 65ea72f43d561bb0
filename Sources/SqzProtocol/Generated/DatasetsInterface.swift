// Made of protocol/*.varlink by `make generate`: change those.

public import Varlink

/// sha256 and size are those of the file that sqzd keeps. format is what it was imported from. createdAt is in
/// microseconds since 1970-01-01 00:00:00 UTC. trainByClass and testByClass are the pictures of each class, in the
/// classes' order; they are missing where the import did not count. fit says how pictures became squares, where they
/// did and it is known.
public struct Dataset: Codable, Equatable, Sendable {
    public var name: String
    public var sha256: String
    public var size: Int
    public var format: String
    public var train: Int
    public var test: Int
    public var classes: [String]
    public var height: Int
    public var width: Int
    public var uid: Int
    public var createdAt: Int
    public var trainByClass: [Int]?
    public var testByClass: [Int]?
    public var fit: PictureFit?

    public init(
        name: String, sha256: String, size: Int, format: String, train: Int, test: Int, classes: [String], height: Int,
        width: Int, uid: Int, createdAt: Int, trainByClass: [Int]? = nil, testByClass: [Int]? = nil,
        fit: PictureFit? = nil
    ) {
        self.name = name
        self.sha256 = sha256
        self.size = size
        self.format = format
        self.train = train
        self.test = test
        self.classes = classes
        self.height = height
        self.width = width
        self.uid = uid
        self.createdAt = createdAt
        self.trainByClass = trainByClass
        self.testByClass = testByClass
        self.fit = fit
    }
}

/// A file that was uploaded, and the name it has to the user.
public struct File: Codable, Equatable, Sendable {
    public var name: String
    public var sha256: String

    public init(name: String, sha256: String) {
        self.name = name
        self.sha256 = sha256
    }
}

/// Data sets: pictures with labels, imported once, never changed. Their names are as those of models (io.sqzd.Models):
/// NAME or USER/NAME, of the user who used it first, for ever. Only that user and administrators import under it.
public enum DatasetsInterface: VarlinkInterface {
    public static let name = "io.sqzd.Datasets"
    public static let errors: Set<String> = [
        "NoSuchDataset", "NoSuchPicture", "NameTaken", "InUse", "BadData", "PathNotAllowed", "NoSuchPath",
        "NoSuchUpload", "WrongOffset", "WrongChecksum", "TooLarge", "InvalidOption", "Busy", "RunnerFailed", "Stopping",
        "Failed",
    ]
    public static let methods: [any VarlinkMethod.Type] = [
        List.self, Show.self, Remove.self, Give.self, Offer.self, Write.self, Upload.self, Import.self, Picture.self,
    ]

    public enum Method: String, CaseIterable, Sendable {
        case list = "io.sqzd.Datasets.List"
        case show = "io.sqzd.Datasets.Show"
        case remove = "io.sqzd.Datasets.Remove"
        case give = "io.sqzd.Datasets.Give"
        case offer = "io.sqzd.Datasets.Offer"
        case write = "io.sqzd.Datasets.Write"
        case upload = "io.sqzd.Datasets.Upload"
        case `import` = "io.sqzd.Datasets.Import"
        case picture = "io.sqzd.Datasets.Picture"
    }

    /// All data sets by name.
    public enum List: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.List"

        public typealias Parameters = NoParameters

        public struct Reply: Codable, Equatable, Sendable {
            public var datasets: [Dataset]

            public init(datasets: [Dataset]) {
                self.datasets = datasets
            }
        }
    }

    public enum Show: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Show"

        public struct Parameters: Codable, Equatable, Sendable {
            public var dataset: String

            public init(dataset: String) {
                self.dataset = dataset
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var dataset: Dataset

            public init(dataset: Dataset) {
                self.dataset = dataset
            }
        }
    }

    /// Removes a data set that no waiting or running job uses.
    public enum Remove: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Remove"

        public struct Parameters: Codable, Equatable, Sendable {
            public var dataset: String

            public init(dataset: String) {
                self.dataset = dataset
            }
        }

        public typealias Reply = NoParameters
    }

    /// Gives a name, and the data set if there is one, to another user, which administrators may; USER/NAME is USER's
    /// and can't be given away.
    public enum Give: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Give"

        public struct Parameters: Codable, Equatable, Sendable {
            public var dataset: String
            public var uid: Int

            public init(dataset: String, uid: Int) {
                self.dataset = dataset
                self.uid = uid
            }
        }

        public typealias Reply = NoParameters
    }

    /// Begins an upload or goes on with one: says how much of the file sqzd has, from which offset the caller goes on
    /// with Write. Uploads belong to the calling user and are kept for a day.
    public enum Offer: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Offer"

        public struct Parameters: Codable, Equatable, Sendable {
            public var sha256: String
            public var size: Int

            public init(sha256: String, size: Int) {
                self.sha256 = sha256
                self.size = size
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var offset: Int

            public init(offset: Int) {
                self.offset = offset
            }
        }
    }

    /// Adds a chunk of at most 1 MiB, as base64, at offset, which must be where the upload stands. Calls may be
    /// pipelined. The last chunk is answered when the whole file is on disk and has the sha256 that was offered.
    public enum Write: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Write"

        public struct Parameters: Codable, Equatable, Sendable {
            public var sha256: String
            public var offset: Int
            public var data: String

            public init(sha256: String, offset: Int, data: String) {
                self.sha256 = sha256
                self.offset = offset
                self.data = data
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var offset: Int

            public init(offset: Int) {
                self.offset = offset
            }
        }
    }

    /// Offer and all of Write in one, for a call with `upgrade`. The reply says how much of the file sqzd has; then the
    /// connection carries the rest as bytes, without any framing. When all are there, are on disk and have the sha256
    /// that was stated, there is a second reply, whose offset is the size, or else an error; it ends with a NUL as
    /// every message does, and then the connection is closed. Of an upload that breaks off, what came is kept, as with
    /// Write. Where the same file is being uploaded by the same user already, the reply comes when that upload has
    /// ended. A call without `upgrade` is answered with InvalidOption.
    public enum Upload: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Upload"

        public struct Parameters: Codable, Equatable, Sendable {
            public var sha256: String
            public var size: Int

            public init(sha256: String, size: Int) {
                self.sha256 = sha256
                self.size = size
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var offset: Int

            public init(offset: Int) {
                self.offset = offset
            }
        }
    }

    /// Makes a data set of uploaded files, or of what is at a path of the machine that the administrator allows:
    /// CIFAR-10 and CIFAR-100 binary files or their archive, IDX files, or pictures: a folder (uploaded as one tar
    /// file) or an archive, with a folder for each class, and train, val and test above those if there are such, or
    /// with a CSV or TSV file of their labels. Where there are val and test, val is left out. classes are the classes'
    /// names, where the files do not say; of pictures, whose classes are known by name, all of them in the order that
    /// their labels shall have. size and fit say what becomes of pictures: by default the middle, of the size that
    /// suits them, at most 256. Pictures that can't be read end the import, unless skipUnreadable leaves them out. With
    /// `more`, replies tell how many pictures were read, of how many in total where that is known, and which can't be,
    /// before the last one has the data set, and for pictures the summary. Importing the same data under the same name
    /// again changes nothing. Where the same files were imported before in the same way, under whatever name, they need
    /// not be uploaded again, and the only reply has the data set without summary. Either files or path must be given,
    /// else InvalidOption tells of files.
    public enum Import: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Import"

        public struct Parameters: Codable, Equatable, Sendable {
            public var name: String
            public var files: [File]?
            public var path: String?
            public var classes: [String]?
            public var size: Int?
            public var fit: PictureFit?
            public var skipUnreadable: Bool?

            public init(
                name: String, files: [File]? = nil, path: String? = nil, classes: [String]? = nil, size: Int? = nil,
                fit: PictureFit? = nil, skipUnreadable: Bool? = nil
            ) {
                self.name = name
                self.files = files
                self.path = path
                self.classes = classes
                self.size = size
                self.fit = fit
                self.skipUnreadable = skipUnreadable
            }
        }

        public struct Reply: Codable, Equatable, Sendable {
            public var pictures: Int?
            public var dataset: Dataset?
            public var total: Int?
            public var unreadable: [UnreadablePicture]?
            public var summary: ImportSummary?

            public init(
                pictures: Int? = nil, dataset: Dataset? = nil, total: Int? = nil,
                unreadable: [UnreadablePicture]? = nil, summary: ImportSummary? = nil
            ) {
                self.pictures = pictures
                self.dataset = dataset
                self.total = total
                self.unreadable = unreadable
                self.summary = summary
            }
        }
    }

    /// One picture as a PNG file, in base64: the one of this number, from 0, as predictions number them, or the one
    /// that has this path in what was imported. Of the pictures to train with, unless split says otherwise. Also its
    /// label, its class's name and, where pictures were files, its path. Either picture or file must be given, else
    /// InvalidOption tells of picture.
    public enum Picture: VarlinkMethod {
        public static let name = "io.sqzd.Datasets.Picture"

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
