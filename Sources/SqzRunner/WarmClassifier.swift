internal import Bitmaps
internal import Datasets
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

/// A loaded model that classifies single pictures at once.
final class WarmClassifier {
    private let model: ModelFile
    private let classifier: Classifier
    private let text: ClassificationText
    /// What becomes of a file's picture before all else.
    private let square: Square

    /// Pictures that are in memory, decoded, at a time.
    private static let chunk = 64

    init(path: String) throws {
        model = try ModelFile(path: path)
        classifier = try model.classifier(threads: Classifier.availableThreads)
        text = try ClassificationText(classes: model.classes)
        // Models that say nothing were trained on records.
        square = model.preprocessing.squares.first ?? Square(.crop, side: PictureRecord.side)
    }

    /// Gives back the memory that was computed in.
    func releaseMemory() { classifier.releaseMemory() }

    /// Says that a call is coming in.
    func expect() { classifier.expect() }

    /// Pictures of which the first are decoded.
    struct Begun {
        fileprivate let images: [String]
        fileprivate let flips: Bool
        fileprivate var budget = DecodingBudget()
        fileprivate var first: [PictureReading.Found] = []
    }

    /// Does what can be done while others are classified. Each picture is base64 of what a `SentPicture` is.
    ///
    /// - Parameter flips: classes come from the mean of a picture's logits and its mirror image's.
    func begin(_ images: [String], flips: Bool) -> Begun {
        var begun = Begun(images: images, flips: flips)
        begun.first = read(images.prefix(Self.chunk), &begun.budget)
        return begun
    }

    /// What is known of pictures, in their order.
    struct Computed {
        fileprivate var found: [Result<UInt8?, ReceivedPicture.Problem>] = []
        /// Of those that are pictures.
        fileprivate var logits: [Float] = []
        fileprivate var time = Duration.zero
    }

    /// Classifies pictures; for which too little is left of what a call may take is to be sent again.
    func compute(_ begun: Begun) -> Computed {
        var computed = Computed()
        classify(begun.first, flips: begun.flips, &computed)
        var (rest, budget) = (begun.images.dropFirst(begun.first.count), begun.budget)
        while !rest.isEmpty {
            classify(read(rest.prefix(Self.chunk), &budget), flips: begun.flips, &computed)
            rest = rest.dropFirst(Self.chunk)
        }
        return computed
    }

    /// Gives the parameters of the reply; those that are no pictures have a problem instead of classes.
    func finish(_ computed: Computed, top: Int) throws -> [UInt8] {
        var text = Array(#"{"results":["#.utf8)
        text.reserveCapacity(512 * computed.found.count)
        var logits = computed.logits[...]
        for (place, found) in computed.found.enumerated() {
            if place > 0 { text.append(UInt8(ascii: ",")) }
            switch found {
            case .failure(let problem): try self.text.append(problem, to: &text)
            case .success(let label):
                try softmax(Array(logits.prefix(model.classes.count))).withUnsafeBufferPointer {
                    try self.text.append($0, top: top, label: label, to: &text)
                }
                logits = logits.dropFirst(model.classes.count)
            }
        }
        text += #"],"engine":\#(Int(computed.time / .microseconds(1)))}"#.utf8
        return text
    }

    private func read(_ images: ArraySlice<String>, _ budget: inout DecodingBudget) -> [PictureReading.Found] {
        PictureReading.read(images, square: square, threads: Self.threads(for: images), &budget)
    }

    private func classify(_ read: [PictureReading.Found], flips: Bool, _ computed: inout Computed) {
        // One piece of memory for all pixels, whose parts stay where they are while they are classified.
        var pixels: [UInt8] = []
        for case .success(let picture) in read { pixels += picture.planes }
        let start = ContinuousClock.now
        computed.logits += pixels.withUnsafeBytes { pixels in
            var rest = pixels[...]
            var pictures: [Picture] = []
            for case .success(let picture) in read {
                let planes = UnsafeRawBufferPointer(rebasing: rest.prefix(picture.planes.count))
                pictures.append(Picture(planes: planes, width: picture.side, height: picture.side))
                rest = rest.dropFirst(planes.count)
            }
            let logits = classifier.classify(pictures)
            return flips ? Classifier.means(logits, classifier.classify(pictures, mirrored: true)) : logits
        }
        computed.time += start.duration(to: .now)
        computed.found += read.map { $0.map(\.label) }
    }

    /// Records are copied sooner than a thread begins.
    private static func threads(for images: ArraySlice<String>) -> Int {
        let files = images.count { $0.utf8.count > longestRecord }
        return min(Classifier.availableThreads, max(1, files))
    }

    /// As base64.
    private static let longestRecord = (PictureRecord.pictureBytes + 1 + 2) / 3 * 4
}
