internal import CSqueezeKernels

/// From a picture of any size to a network's input: the same steps in training, evaluating and classifying. Stored in the model.
public struct Preprocessing: Codable, Sendable, Equatable {
    /// How a picture comes to the input's size.
    public enum Fit: Codable, CaseIterable, Sendable {
        /// The central window, zeros around it where the picture is smaller (`tf.image.resize_with_crop_or_pad`).
        case window
    }

    /// How bytes become numbers.
    public enum Normalization: Codable, CaseIterable, Sendable {
        /// (x − mean) / max(σ, 1/√N), as `tf.image.per_image_standardization`.
        case perImage
    }

    /// Height and width of the network's input.
    public let size: Int
    public let fit: Fit
    public let normalization: Normalization

    /// - Throws: `EngineError.preprocessing` if the size is not in 1...`Network.largestInput`.
    public init(size: Int, fit: Fit = .window, normalization: Normalization = .perImage) throws(EngineError) {
        guard (1...Network.largestInput).contains(size) else {
            throw .preprocessing("the input's size must be 1 to \(Network.largestInput), not \(size)")
        }
        self.size = size
        self.fit = fit
        self.normalization = normalization
    }

    /// - Throws: as `init`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            size: values.decode(Int.self, forKey: .size), fit: values.decode(Fit.self, forKey: .fit),
            normalization: values.decode(Normalization.self, forKey: .normalization))
    }

    /// - Throws: if this does not make the network's input size.
    func validate(for network: Network) throws(EngineError) {
        guard size == network.inputSize else {
            throw .preprocessing("preprocessing makes \(size)×\(size) pictures, the network takes \(network.inputSize)")
        }
    }

    /// The network's input as TensorFlow holds it: [row][column][channel].
    public func input(of picture: Picture, draw: Augmentation.Draw? = nil) -> [Float] {
        [Float](unsafeUninitializedCapacity: 3 * size * size) { buffer, count in
            write(
                picture, draw: draw, rows: 0..<size, to: buffer.baseAddress!, pitch: 3 * size,
                kernels: Kernels.selected.table)
            count = 3 * size * size
        }
    }

    /// Some rows of the input.
    /// - Parameters:
    ///   - draw: what training makes of the picture.
    ///   - pitch: floats from one row to the next.
    func write(
        _ picture: Picture, draw: Augmentation.Draw?, rows: Range<Int>, to input: UnsafeMutablePointer<Float>,
        pitch: Int,
        kernels: UnsafePointer<sqz_kernels>
    ) {
        let window =
            switch fit {
            case .window: draw?.window(of: picture, size: size) ?? Window(centreOf: picture, size: size)
            }
        var crop = sqz_crop(
            width: Int32(picture.width), height: Int32(picture.height), left: Int32(window.left),
            top: Int32(window.top),
            size: Int32(size), flip: window.isMirrored ? 1 : 0, pitch: Int32(pitch))
        switch normalization {
        case .perImage:
            kernels.pointee.standardize(
                &crop, Int32(rows.lowerBound), Int32(rows.upperBound), picture.planes.baseAddress!, input)
        }
    }
}

/// A square part of a picture; it may lie outside, where zeros are.
struct Window {
    let left: Int
    let top: Int
    var isMirrored = false
}

extension Window {
    /// TensorFlow rounds the centre towards the upper left both when it cuts and when it pads, as division does.
    init(centreOf picture: Picture, size: Int) {
        self.init(left: (picture.width - size) / 2, top: (picture.height - size) / 2)
    }
}
