internal import Bitmaps
internal import Datasets
internal import Processors
internal import SqzProtocol

/// Makes one file of users' files.
enum Importing {
    typealias Reply = RunnerInterface.Import.Reply

    /// Pictures that can't be read in one reply.
    private static let listed = 1_000

    /// - Parameter send: gets what is told before the last reply.
    static func run(_ parameters: RunnerInterface.Import.Parameters, send: (Reply) throws -> Void) throws -> Reply {
        let options = PictureOptions(
            size: parameters.size, fit: parameters.fit.flatMap { Fit(rawValue: $0.rawValue) },
            skipsUnreadable: parameters.skipUnreadable ?? false)
        var failure: (any Error)?
        var lastReport = ContinuousClock.now
        let made = try DatasetImport.run(
            files: parameters.files.map { SourceFile(name: $0.name, path: $0.path) }, classes: parameters.classes,
            pictures: options, output: parameters.output, threads: Processors.ofRunner.count
        ) { news in
            // The daemon is gone if it does not read: the input's end will say so too.
            do {
                switch news {
                case .pictures(let pictures, let total):
                    guard lastReport + .milliseconds(100) < .now else { return }
                    lastReport = .now
                    try send(Reply(pictures: pictures, total: total))
                case .unreadable(let files):
                    for start in stride(from: 0, to: files.count, by: listed) {
                        let part = files[start..<min(start + listed, files.count)]
                        try send(
                            Reply(unreadable: part.map { UnreadablePicture(file: $0.file, reason: $0.reason) }))
                    }
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return Reply(imported: Imported(made.dataset), summary: made.summary.map { ImportSummary($0) })
    }
}

extension Imported {
    fileprivate init(_ dataset: DatasetDescription) {
        self.init(
            format: dataset.format.rawValue, train: dataset.trainCount, test: dataset.testCount,
            classes: dataset.classes, height: dataset.height, width: dataset.width,
            trainByClass: dataset.trainByClass, testByClass: dataset.testByClass,
            fit: dataset.fit.map { PictureFit($0) })
    }
}

extension PictureFit {
    /// Both have the same words.
    fileprivate init(_ fit: Fit) { self.init(rawValue: fit.rawValue)! }
}

extension ImportSummary {
    fileprivate init(_ summary: PictureSummary) {
        self.init(
            size: summary.size, fit: PictureFit(summary.fit),
            passedOver: summary.passedOver.map {
                PassedOver(reason: "\($0.reason)", files: $0.files, example: $0.example)
            }, unreadable: summary.unreadable, duplicates: summary.duplicates)
    }
}
