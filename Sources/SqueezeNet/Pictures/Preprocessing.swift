public import Bitmaps
internal import CSqueezeKernels

/// From a picture of any size to a network's input: the same steps in training, evaluating and classifying. Stored in the model.
///
/// The picture becomes each of the squares, one after the other; the central window of the last is what the network sees, with
/// zeros around it where the window is larger (`tf.image.resize_with_crop_or_pad`). Without a square the window is cut from the
/// picture as it is.
public struct Preprocessing: Codable, Sendable, Equatable {
    /// The order of the input's channels.
    public enum Channels: String, Codable, CaseIterable, Sendable {
        case rgb
        /// As Caffe's networks take them.
        case bgr
    }

    /// Height and width of the network's input.
    public let size: Int
    public let squares: [Square]
    public let channels: Channels
    public let normalization: Normalization

    /// Squares that a picture goes through: that of its data set, that of a model, and that of an option.
    public static let mostSquares = 3

    /// - Throws: `EngineError.preprocessing` if a size is not in 1...`Network.largestInput`, there are more than `mostSquares`, or
    ///   the normalization's numbers make no sense.
    public init(
        size: Int, squares: [Square] = [], channels: Channels = .rgb, normalization: Normalization = .perImage
    ) throws(EngineError) {
        for side in [size] + squares.map(\.side) where !(1...Network.largestInput).contains(side) {
            throw .preprocessing("the input's size must be 1 to \(Network.largestInput), not \(side)")
        }
        guard squares.count <= Self.mostSquares else {
            throw .preprocessing("a picture becomes at most \(Self.mostSquares) squares, not \(squares.count)")
        }
        try normalization.validate()
        self.size = size
        self.squares = squares
        self.channels = channels
        self.normalization = normalization
    }

    private enum CodingKeys: String, CodingKey {
        case size, squares, channels, normalization
        /// Of models before 0.3, which all had `window`: no squares.
        case fit
    }

    private enum OldFit: Codable, CaseIterable {
        case window
    }

    /// - Throws: as `init`.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let isOld = values.contains(.fit)
        if isOld { _ = try values.decode(OldFit.self, forKey: .fit) }
        try self.init(
            size: values.decode(Int.self, forKey: .size),
            squares: isOld ? [] : values.decode([Square].self, forKey: .squares),
            channels: isOld ? .rgb : values.decode(Channels.self, forKey: .channels),
            normalization: values.decode(Normalization.self, forKey: .normalization))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(size, forKey: .size)
        try values.encode(squares, forKey: .squares)
        try values.encode(channels, forKey: .channels)
        try values.encode(normalization, forKey: .normalization)
    }

    /// - Throws: if this does not make the network's input size.
    func validate(for network: Network) throws(EngineError) {
        guard size == network.inputSize else {
            throw .preprocessing("preprocessing makes \(size)x\(size) pictures, the network takes \(network.inputSize)")
        }
    }

    /// The network's input as TensorFlow holds it: [row][column][channel].
    public func input(of picture: Picture, draw: Augmentation.Draw? = nil) -> [Float] {
        [Float](unsafeUninitializedCapacity: 3 * size * size) { buffer, count in
            withSource(of: picture, draw: draw) { source in
                write(
                    source, draw: draw, rows: 0..<size, to: buffer.baseAddress!, pitch: 3 * size,
                    kernels: Kernels.selected.table)
            }
            count = 3 * size * size
        }
    }

    /// Makes of a picture what the window is cut from.
    /// - Parameter draw: what training makes of it.
    func withSource(of picture: Picture, draw: Augmentation.Draw? = nil, _ body: (Picture) -> Void) {
        if let part = draw?.part(of: picture) {
            let resized = Bitmap(part, of: picture).resized(width: size, height: size, filter: .bilinear)
            return Picture.withPlanes(of: resized, body)
        }
        let needed = squares.drop { $0.side == picture.width && $0.side == picture.height }
        guard !needed.isEmpty else { return body(picture) }
        Picture.withPlanes(of: needed.reduce(Bitmap(picture)) { $0.squared($1) }, body)
    }

    /// Some rows of the input.
    /// - Parameters:
    ///   - source: what `withSource` has made of the picture.
    ///   - pitch: floats from one row to the next.
    func write(
        _ source: Picture, draw: Augmentation.Draw?, isMirrored: Bool = false, rows: Range<Int>,
        to input: UnsafeMutablePointer<Float>, pitch: Int, kernels: UnsafePointer<sqz_kernels>
    ) {
        var crop = crop(of: source, draw: draw, isMirrored: isMirrored, pitch: pitch)
        kernels.pointee.normalize(
            &crop, Int32(rows.lowerBound), Int32(rows.upperBound), source.planes.baseAddress!, input)
        if let hole = draw?.hole(in: size) {
            for row in hole.rows.clamped(to: rows) {
                (input + row * pitch + 3 * hole.columns.lowerBound).update(repeating: 0, count: 3 * hole.columns.count)
            }
        }
    }

    /// What of a picture becomes the input.
    /// - Parameter pitch: numbers from one row of the input to the next.
    func crop(of source: Picture, draw: Augmentation.Draw?, isMirrored: Bool, pitch: Int) -> sqz_crop {
        var window = draw?.window(of: source, size: size) ?? Window(centreOf: source, size: size)
        if isMirrored { window.isMirrored.toggle() }
        var crop = sqz_crop()
        crop.width = Int32(source.width)
        crop.height = Int32(source.height)
        crop.left = Int32(window.left)
        crop.top = Int32(window.top)
        crop.size = Int32(size)
        crop.flip = window.isMirrored ? 1 : 0
        crop.pitch = Int32(pitch)
        crop.reversed = channels == .bgr ? 1 : 0
        if case .perChannel(let mean, let scale) = normalization {
            crop.fixed = 1
            crop.mean = (mean[0], mean[1], mean[2])
            crop.scale = (scale[0], scale[1], scale[2])
        }
        return crop
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
