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

    /// Classifies pictures, each base64 of what a `ReceivedPicture` is. Throws `SqzError.badImage`.
    func classify(_ images: [String], top: Int) throws -> [Classification] {
        let received = try images.enumerated().map { try ReceivedPicture(base64: $1, index: $0) }
        // One piece of memory for all pixels, whose parts stay where they are while they are classified.
        let pixels = received.flatMap(\.planes)
        let logits = pixels.withUnsafeBytes { pixels in
            let each = PictureRecord.pictureBytes
            return classifier.classify(
                stride(from: 0, to: pixels.count, by: each).map {
                    Picture(record: UnsafeRawBufferPointer(rebasing: pixels[$0..<$0 + each]))
                })
        }
        let count = model.classes.count
        return received.enumerated().map { row, picture in
            let probabilities = softmax(Array(logits[(row * count)..<((row + 1) * count)]))
            return Classification(
                label: picture.label.map(Int.init), classes: ranking.likeliest(probabilities, top: top))
        }
    }
}
