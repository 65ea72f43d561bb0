internal import CSqueezeKernels

/// From a CIFAR picture (planes R, G, B of `sourceSize` rows and columns, row-major bytes) to a network's input. Stored in the
/// model, so that classifying does what training did.
///
/// Training: the picture gets `padding` pixels of zeros on each side, a random window of `size`×`size` is cut out, and half of
/// the windows are mirrored. Otherwise: the central window, zeros around it where the picture is smaller
/// (`tf.image.resize_with_crop_or_pad`). Both: per-image standardization, (x − mean) / max(σ, 1/√N), as
/// `tf.image.per_image_standardization`.
public struct Preprocessing: Codable, Sendable, Equatable {
    /// Height and width of the pictures.
    public var sourceSize: Int
    /// Height and width of the network's input.
    public var size: Int
    /// Zeros added on each side before the random window is cut, in training only.
    public var padding: Int
    /// Whether training mirrors half of the pictures.
    public var flips: Bool

    /// Which example of which epoch is augmented: its random numbers depend on these only.
    public struct Augmentation: Sendable, Equatable {
        public var seed: UInt64
        public var epoch: Int
        public var index: Int

        public init(seed: UInt64, epoch: Int, index: Int) {
            self.seed = seed
            self.epoch = epoch
            self.index = index
        }
    }

    public static let allowedPadding = 0...256

    /// - Throws: `EngineError.preprocessing` if a size is not in 1...`Network.largestInput` or the padding not in `allowedPadding`.
    public init(sourceSize: Int = 32, size: Int, padding: Int = 0, flips: Bool = true) throws(EngineError) {
        self.sourceSize = sourceSize
        self.size = size
        self.padding = padding
        self.flips = flips
        try validate()
    }

    /// Bytes of one picture.
    public var pictureBytes: Int { 3 * sourceSize * sourceSize }

    /// For values that were decoded: see `init`.
    public func validate() throws(EngineError) {
        let sizes = 1...Network.largestInput
        guard sizes.contains(sourceSize), sizes.contains(size) else {
            throw .preprocessing(
                "picture and input sizes must be 1 to \(Network.largestInput), not \(sourceSize) and \(size)")
        }
        guard Self.allowedPadding.contains(padding) else {
            throw .preprocessing("the padding is \(padding); allowed are 0 to \(Self.allowedPadding.upperBound)")
        }
    }

    /// - Throws: also if this does not make the network's input size.
    func validate(for network: Network) throws(EngineError) {
        try validate()
        guard size == network.inputSize else {
            throw .preprocessing("preprocessing makes \(size)×\(size) pictures, the network takes \(network.inputSize)")
        }
    }

    /// The network's input as TensorFlow holds it: [row][column][channel].
    /// - Precondition: the picture has `pictureBytes` bytes.
    public func standardized(_ picture: UnsafeRawBufferPointer, augmentation: Augmentation? = nil) -> [Float] {
        precondition(picture.count == pictureBytes)
        var crop = crop(augmentation, pitch: 3 * size)
        return [Float](unsafeUninitializedCapacity: 3 * size * size) { buffer, count in
            Kernels.selected.table.pointee.standardize(
                &crop, 0, crop.size, picture.baseAddress!.assumingMemoryBound(to: UInt8.self), buffer.baseAddress!)
            count = 3 * size * size
        }
    }

    /// The window to cut, in the coordinates of the picture.
    func crop(_ augmentation: Augmentation?, pitch: Int) -> sqz_crop {
        // TensorFlow rounds the centre towards the upper left both when it cuts and when it pads.
        let difference = sourceSize - size
        var left = difference >= 0 ? difference / 2 : -(-difference / 2)
        var top = left
        var isFlipped = false
        if let augmentation {
            let random = CounterRandom(
                seed: augmentation.seed, purpose: .augmentation, epoch: augmentation.epoch, index: augmentation.index)
            let freedom = sourceSize + 2 * padding - size
            if freedom >= 0 {
                left = random.integer(below: freedom + 1, at: 0) - padding
                top = random.integer(below: freedom + 1, at: 1) - padding
            }
            isFlipped = flips && random.integer(below: 2, at: 2) == 1
        }
        return sqz_crop(
            source: Int32(sourceSize), left: Int32(left), top: Int32(top), size: Int32(size), flip: isFlipped ? 1 : 0,
            pitch: Int32(pitch))
    }
}
