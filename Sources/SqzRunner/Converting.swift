internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// Makes a model of ours of a user's file.
enum Converting {
    typealias Method = RunnerInterface.Convert

    static func run(_ request: Method.Parameters) throws -> Method.Reply {
        let preprocessing = try request.preprocessing.map { word in
            guard let usual = UsualPreprocessing(rawValue: word) else {
                let known = UsualPreprocessing.allCases.map(\.rawValue).joined(separator: ", ")
                throw SqzError.invalidOption(option: "preprocessing", reason: "must be one of \(known)")
            }
            return usual
        }
        var imported = try ImportedModel(path: request.model, classes: request.classes, preprocessing: preprocessing)
        let threads = Classifier.availableThreads
        var name = ""
        if let source = imported.source {
            imported.model.history = try History(
                importedFrom: source.format, source.origin, remarks: imported.remarks)
        }
        // Other names or another preprocessing get a self-test of their own.
        _ = try imported.written?.classifier(threads: threads)
        if imported.isConverted {
            imported.model = try imported.model.withSelfTest(threads: threads)
            guard imported.model.selfTest != nil else {
                throw SqzError.badModel(
                    reason: "its logits are no finite numbers: some of its weights are far too large")
            }
            try imported.model.write(to: request.output)
            name = request.output.split(separator: "/").last.map(String.init) ?? ""
        }
        return .init(
            model: MadeModel(file: name, imported.model), remarks: imported.remarks.isEmpty ? nil : imported.remarks)
    }
}
