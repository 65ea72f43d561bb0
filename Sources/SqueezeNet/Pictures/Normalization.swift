/// How a picture's bytes become numbers.
public enum Normalization: Codable, Equatable, Sendable {
    /// (x − mean) / max(σ, 1/√N) of the picture's own mean and deviation, as `tf.image.per_image_standardization`.
    case perImage
    /// (x − mean) · scale, three numbers each, in the order of the input's channels; x is 0 to 255.
    case perChannel(mean: [Float], scale: [Float])

    /// As torchvision's models have it: of x / 255, with the mean and the deviation of ImageNet's pictures.
    public static let imageNet = perChannel(
        mean: [0.485, 0.456, 0.406].map { $0 * 255 }, scale: [0.229, 0.224, 0.225].map { 1 / ($0 * 255) })

    /// As Caffe's SqueezeNet has it, whose channels are `bgr`.
    public static let caffe = perChannel(mean: [104, 117, 123], scale: [1, 1, 1])

    /// - Throws: `EngineError.preprocessing`
    func validate() throws(EngineError) {
        guard case .perChannel(let mean, let scale) = self else { return }
        guard mean.count == 3, scale.count == 3, (mean + scale).allSatisfy(\.isFinite), !scale.contains(0) else {
            throw .preprocessing(
                "mean and scale must be three finite numbers each, no scale 0; they are \(mean) and \(scale)")
        }
    }
}
