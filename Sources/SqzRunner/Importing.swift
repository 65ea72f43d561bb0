internal import Datasets
internal import SqzProtocol

/// Makes one file of users' files.
enum Importing {
    static func run(
        _ parameters: RunnerInterface.Import.Parameters, progress: (Int) throws -> Void
    ) throws -> Imported {
        let files = parameters.files.map { SourceFile(name: $0.name, path: $0.path) }
        var failure: (any Error)?
        var lastReport = ContinuousClock.now
        let made = try DatasetImport.run(files: files, classes: parameters.classes, output: parameters.output) {
            pictures in
            guard lastReport + .milliseconds(100) < .now else { return }
            lastReport = .now
            // The daemon is gone if it does not read: the input's end will say so too.
            do { try progress(pictures) } catch { failure = error }
        }
        if let failure { throw failure }
        return Imported(
            format: made.format.rawValue, train: made.trainCount, test: made.testCount, classes: made.classes,
            height: made.height, width: made.width, trainByClass: made.trainByClass, testByClass: made.testByClass)
    }
}
