/// What training does to pictures at random, and classifying never: a window of the picture, where there is room for one to move,
/// mirrored or not.
public struct Augmentation: Codable, Sendable, Equatable {
    /// Zeros added on each side before the window is cut.
    public var padding: Int
    /// Whether half of the windows are mirrored.
    public var flips: Bool

    public static let allowedPadding = 0...256

    public init(padding: Int, flips: Bool) {
        self.padding = padding
        self.flips = flips
    }

    /// - Throws: `EngineError.hyperparameter` if the padding is not in `allowedPadding`.
    func validate() throws(EngineError) {
        guard Self.allowedPadding.contains(padding) else {
            throw .hyperparameter("the padding is \(padding); allowed are 0 to \(Self.allowedPadding.upperBound)")
        }
    }

    /// What becomes of one example of one epoch: it depends on these numbers only.
    public func draw(seed: UInt64, epoch: Int, index: Int) -> Draw {
        Draw(
            augmentation: self, random: CounterRandom(seed: seed, purpose: .augmentation, epoch: epoch, index: index))
    }

    /// One example's random numbers.
    public struct Draw: Sendable {
        fileprivate let augmentation: Augmentation
        fileprivate let random: CounterRandom

        func window(of picture: Picture, size: Int) -> Window {
            let centre = Window(centreOf: picture, size: size)
            return Window(
                left: start(picture.width, size, at: 0) ?? centre.left,
                top: start(picture.height, size, at: 1) ?? centre.top,
                isMirrored: augmentation.flips && random.integer(below: 2, at: 2) == 1)
        }

        /// Nil where the window does not fit into the padded side of a picture.
        private func start(_ side: Int, _ size: Int, at position: Int) -> Int? {
            let freedom = side + 2 * augmentation.padding - size
            return freedom >= 0 ? random.integer(below: freedom + 1, at: position) - augmentation.padding : nil
        }
    }
}
