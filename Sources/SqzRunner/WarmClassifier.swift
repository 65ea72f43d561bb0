internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A loaded model that classifies single pictures at once.
final class WarmClassifier {
    private let model: ModelFile
    private let classifier: Classifier
    private let ranking: Ranking

    init(path: String) throws {
        model = try ModelFile(path: path)
        classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing,
            threads: Classifier.availableThreads)
        ranking = Ranking(classes: model.classes)
    }

    /// Classifies pictures, each base64 of what a `ReceivedPicture` is; those that are none have a problem instead of classes.
    func classify(_ images: [String], top: Int) -> [Classification] {
        let read = PictureReading.read(images, threads: Self.threads(for: images))
        // One piece of memory for all pixels, whose parts stay where they are while they are classified.
        var pixels: [UInt8] = []
        for case .success(let picture) in read { pixels += picture.planes }
        let logits = pixels.withUnsafeBytes { pixels in
            let each = PictureRecord.pictureBytes
            return classifier.classify(
                stride(from: 0, to: pixels.count, by: each).map {
                    Picture(record: UnsafeRawBufferPointer(rebasing: pixels[$0..<$0 + each]))
                })
        }
        let count = model.classes.count
        var row = 0
        return read.map { found in
            switch found {
            case .failure(let problem): return Classification(classes: [], problem: problem.reason)
            case .success(let picture):
                defer { row += 1 }
                let probabilities = softmax(Array(logits[(row * count)..<((row + 1) * count)]))
                return Classification(
                    label: picture.label.map(Int.init), classes: ranking.likeliest(probabilities, top: top))
            }
        }
    }

    /// Records are copied sooner than a thread begins.
    private static func threads(for images: [String]) -> Int {
        let files = images.count { $0.utf8.count > longestRecord }
        return min(Classifier.availableThreads, max(1, files))
    }

    /// As base64.
    private static let longestRecord = (PictureRecord.pictureBytes + 1 + 2) / 3 * 4
}
