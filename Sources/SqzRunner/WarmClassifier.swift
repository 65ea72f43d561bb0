internal import Datasets
internal import FoundationEssentials
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

    /// Classifies pictures, each base64 of 3,072 or 3,073 bytes. Throws `SqzError.badImage`.
    func classify(_ images: [String], top: Int) throws -> [Classification] {
        let records = try images.enumerated().map { index, text in
            guard let bytes = Data(base64Encoded: text) else {
                throw SqzError.badImage(index: index, reason: "is not base64")
            }
            do throws(DatasetError) {
                return try PictureRecord(bytes: Array(bytes))
            } catch {
                throw SqzError.badImage(index: index, reason: error.problem)
            }
        }
        // One piece of memory for all pixels, whose parts stay where they are while they are classified.
        let pixels = records.flatMap(\.pixels)
        let logits = pixels.withUnsafeBytes { pixels in
            let each = PictureRecord.pictureBytes
            return classifier.classify(
                stride(from: 0, to: pixels.count, by: each).map {
                    Picture(record: UnsafeRawBufferPointer(rebasing: pixels[$0..<$0 + each]))
                })
        }
        let count = model.classes.count
        return records.enumerated().map { row, record in
            let probabilities = softmax(Array(logits[(row * count)..<((row + 1) * count)]))
            return Classification(
                label: record.label.map(Int.init), classes: ranking.likeliest(probabilities, top: top))
        }
    }
}
