internal import Datasets
internal import Safetensors
internal import SqueezeNet

/// A model of a file of any format that is read, as one of ours.
public struct ImportedModel {
    public var model: ModelFile
    /// Whether the file itself is not this model: it is another program's, or something was chosen otherwise.
    public let isConverted: Bool
    /// What was taken for granted, a sentence each.
    public let remarks: [String]
    /// What one of our files says, without other names or another preprocessing.
    public private(set) var written: ModelFile?
    /// The file says by itself what ours do, whatever its format.
    private let isOurs: Bool
    /// The format of another program's file, and what made it; nil of one of ours.
    public let source: (format: String, origin: String)?

    /// Reads and checks a file, which may come from anybody. An error does not say its path, which users do not know it by.
    /// - Parameters:
    ///   - classes: their names, instead of the file's.
    ///   - preprocessing: what pictures go through, instead of what the file says or its origin usually does.
    public init(
        path: String, classes: [String]? = nil, preprocessing: UsualPreprocessing? = nil
    ) throws(ModelFileError) {
        self = try ModelFileError.mapped {
            var imported =
                try SafetensorsModel.isOwn(path)
                ? ImportedModel(model: ModelFile(path: path), isConverted: false, remarks: [], isOurs: true)
                : Self.converted(path, ModelFormat.of(path), preprocessing, classes)
            let written = imported.isOurs ? imported.model : nil
            if imported.isOurs, classes != nil || preprocessing != nil {
                imported = try imported.changed(classes, preprocessing)
            }
            imported.written = written
            try ClassNames.checkEach(imported.model.classes)
            return imported
        }
    }

    private init(
        model: ModelFile, isConverted: Bool, remarks: [String], isOurs: Bool = false,
        source: (format: String, origin: String)? = nil
    ) {
        self.model = model
        self.isConverted = isConverted
        self.remarks = remarks
        self.isOurs = isOurs
        self.source = source
    }

    /// One of ours with other names or another preprocessing.
    private func changed(_ classes: [String]?, _ usual: UsualPreprocessing?) throws -> ImportedModel {
        var model = model
        try Self.checkNumber(of: classes, for: model.network)
        if let usual {
            model.preprocessing = try usual.preprocessing
            model.history = model.history?.withPreprocessingSaid
            model.network = try Self.network(
                model.network, for: usual, classifierPadding: model.network.classifierPadding)
        }
        model.classes = classes ?? model.classes
        return ImportedModel(model: model, isConverted: true, remarks: [])
    }

    private static func converted(
        _ path: String, _ format: ModelFormat, _ chosen: UsualPreprocessing?, _ classes: [String]?
    ) throws -> ImportedModel {
        let foreign = try format.read(path)
        let matching = try Matching(foreign.tensors)
        if let metadata = foreign.metadata { return try exported(metadata, foreign, matching) }
        var remarks = foreign.remarks
        // Networks of small pictures have no origin but the tutorial, whoever wrote the file. The parameters of 1.1 do not say.
        let isSmall = matching.network.inputSize == 32 || foreign.windows["features.0"]?.stride == 1
        let usual = chosen ?? (isSmall ? .tutorial : foreign.usual)
        let network = try network(matching.network, for: usual, classifierPadding: foreign.classifierPadding)
        try check(foreign.windows, in: network)
        if let keras = foreign.keras { try KerasLayers(keras, of: network, paths: matching.paths).check() }
        if chosen == nil {
            let others = UsualPreprocessing.allCases.filter { $0 != usual }.map(\.rawValue)
            remarks.append(
                "\(History.preprocessingRemark): \(usual.rawValue) was taken, as is usual for "
                    + "\(usual == foreign.usual ? foreign.origin : network.name); preprocessing "
                    + "\(others.joined(separator: " or ")) would be another")
        }
        if let size = foreign.keras?.inputSize, size != network.inputSize {
            remarks.append(
                "the file's network takes pictures of \(size)x\(size), and this one of "
                    + "\(network.inputSize)x\(network.inputSize) with the same weights: answers differ a little")
        }
        let names = classes ?? foreign.classes
        try checkNumber(of: names, for: network)
        if names == nil {
            remarks.append(
                "the file has no names of its classes: they are called class 0 to class \(network.classes - 1)")
        }
        return ImportedModel(
            model: ModelFile(
                network: network, preprocessing: try usual.preprocessing, recipe: nil,
                classes: names ?? (0..<network.classes).map { "class \($0)" }, weights: try matching.weights()),
            isConverted: true, remarks: remarks, source: (format.name, foreign.origin))
    }

    /// One of ours that was exported: its file says all that ours do.
    private static func exported(
        _ metadata: [String: String], _ foreign: ForeignModel, _ matching: Matching
    ) throws -> ImportedModel {
        var model = try SafetensorsModel.model(metadata, isProven: !foreign.isRemade) {
            network, precision, activationBits in
            guard network.parameters == matching.network.parameters else {
                throw ModelFileError(
                    """
                    its tensors are those of \(matching.network.title), \(matching.network.classes) classes; its metadata say \
                    \(network.title), \(network.classes)
                    """)
            }
            switch (precision, foreign.fewBits) {
            case (.float32, nil): return .float32(try matching.weights())
            case (.float32, _?), (_, nil):
                throw ModelFileError("of its metadata and its tensors one alone says that it is of few bits")
            case (_, let weights?): return .int8(try weights(network, precision.bits, activationBits))
            }
        }
        try check(foreign.windows, in: model.network)
        try model.training?.validate()
        try foreign.check?(model)
        // What its history tells of are other weights.
        if foreign.isRemade { model.history = nil }
        return ImportedModel(model: model, isConverted: true, remarks: foreign.remarks, isOurs: true)
    }

    private static func check(_ windows: [String: (kernel: Int, stride: Int)], in network: Network) throws {
        for layer in network.layers {
            guard let window = windows[layer.name], window != (layer.kernel, layer.stride) else { continue }
            throw ModelFileError(
                "its \(layer.name) is \(window.kernel)x\(window.kernel) with stride \(window.stride); in "
                    + "\(network.name) at \(network.inputSize)x\(network.inputSize) it is "
                    + "\(layer.kernel)x\(layer.kernel) with stride \(layer.stride)")
        }
    }

    private static func checkNumber(of names: [String]?, for network: Network) throws {
        guard let names, names.count != network.classes else { return }
        throw ModelFileError(
            "its classifier has \(network.classes) classes, and there are \(names.count) names of classes")
    }

    /// A network for pictures of another size, with the same parameters.
    private static func network(
        _ network: Network, for usual: UsualPreprocessing, classifierPadding: Int
    ) throws -> Network {
        let size = try usual.preprocessing.size
        let other = try Network(
            network.architecture, width: network.width, bypass: network.bypass, classes: network.classes,
            inputSize: size,
            classifierPadding: classifierPadding)
        for (parameter, right) in zip(network.parameters, other.parameters) where parameter.shape != right.shape {
            throw ModelFileError(
                "its \(parameter.name) is \(parameter.shape); for \(usual.rawValue)'s pictures of \(size)x\(size) "
                    + "\(right.shape) would be right")
        }
        return other
    }
}
