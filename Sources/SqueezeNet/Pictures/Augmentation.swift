internal import Glibc

/// What training does to pictures at random, and classifying never: a window of the picture, where there is room for one to move,
/// or a part of any size and shape, mirrored or not.
public struct Augmentation: Codable, Sendable, Equatable {
    /// Zeros added on each side before the window is cut.
    public var padding: Int
    /// Whether half of the windows are mirrored.
    public var flips: Bool
    /// Whether each picture is mirrored every other epoch, from a first one that is drawn: what two epochs see is never the same
    /// (Jordan, arXiv 2404.00498).
    public var alternates: Bool
    /// Rows and columns of a square of zeros in the window, around a point of it that is drawn; 0 is none (DeVries and Taylor,
    /// arXiv 1708.04552).
    public var cutout: Int
    /// The part that is cut out and resized to the window, in place of a window of a fixed size.
    public var part: RandomPart?

    /// torchvision's `RandomResizedCrop`.
    public struct RandomPart: Codable, Sendable, Equatable {
        /// Shares of the picture's area.
        public var leastArea: Float
        public var mostArea: Float
        /// Width over height; that of the most is the inverse of the least.
        public var leastAspect: Float

        public init(leastArea: Float = 0.08, mostArea: Float = 1, leastAspect: Float = 3 / 4) {
            self.leastArea = leastArea
            self.mostArea = mostArea
            self.leastAspect = leastAspect
        }
    }

    public static let allowedPadding = 0...256

    public init(padding: Int, flips: Bool, alternates: Bool = false, cutout: Int = 0, part: RandomPart? = nil) {
        self.padding = padding
        self.flips = flips
        self.alternates = alternates
        self.cutout = cutout
        self.part = part
    }

    /// What was written before there was a choice says less.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        padding = try values.decode(Int.self, forKey: .padding)
        flips = try values.decode(Bool.self, forKey: .flips)
        alternates = try values.decodeIfPresent(Bool.self, forKey: .alternates) ?? false
        cutout = try values.decodeIfPresent(Int.self, forKey: .cutout) ?? 0
        part = try values.decodeIfPresent(RandomPart.self, forKey: .part)
    }

    /// - Throws: `EngineError.hyperparameter` if the padding is not in `allowedPadding`, or the part's shares make no sense.
    func validate() throws(EngineError) {
        if let part {
            guard 0 < part.leastArea, part.leastArea <= part.mostArea, part.mostArea <= 1, 0 < part.leastAspect,
                part.leastAspect <= 1
            else {
                throw .hyperparameter(
                    """
                    the areas are \(part.leastArea) to \(part.mostArea) and the aspect \(part.leastAspect); right would be \
                    above 0, at most 1, in this order
                    """)
            }
        }
        guard Self.allowedPadding.contains(padding) else {
            throw .hyperparameter("the padding is \(padding); allowed are 0 to \(Self.allowedPadding.upperBound)")
        }
        guard (0...Network.largestInput).contains(cutout) else {
            throw .hyperparameter("the cutout is \(cutout); allowed are 0 to \(Network.largestInput)")
        }
        guard flips || !alternates else { throw .hyperparameter("what is never mirrored can't alternate") }
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

        private var isMirrored: Bool {
            guard augmentation.flips else { return false }
            guard augmentation.alternates else { return random.integer(below: 2, at: 2) == 1 }
            // Epochs count from 1: the numbers of epoch 0 are nobody else's.
            let first = CounterRandom(
                seed: random.seed, purpose: .augmentation, epoch: 0, index: Int(random.index))
            return (first.integer(below: 2, at: 2) + Int(random.epoch)) % 2 == 1
        }

        func window(of source: Picture, size: Int) -> Window {
            guard augmentation.part == nil else { return Window(left: 0, top: 0, isMirrored: isMirrored) }
            let centre = Window(centreOf: source, size: size)
            return Window(
                left: start(source.width, size, at: 0) ?? centre.left,
                top: start(source.height, size, at: 1) ?? centre.top, isMirrored: isMirrored)
        }

        /// The part of the picture that is resized to the window; nil where a window is cut. As torchvision's
        /// `RandomResizedCrop.get_params`: ten tries, then the largest central part of an allowed shape.
        package func part(of picture: Picture) -> Part? {
            guard let range = augmentation.part else { return nil }
            let (width, height) = (picture.width, picture.height)
            let widest = -log(Double(range.leastAspect))
            for position in stride(from: 3, to: 43, by: 4) {
                let share = between(Double(range.leastArea), Double(range.mostArea), at: position)
                let aspect = exp(between(-widest, widest, at: position + 1))
                let area = Double(width * height) * share
                let columns = Int((area * aspect).squareRoot().rounded(.toNearestOrEven))
                let rows = Int((area / aspect).squareRoot().rounded(.toNearestOrEven))
                guard (1...width).contains(columns), (1...height).contains(rows) else { continue }
                return Part(
                    left: random.integer(below: width - columns + 1, at: position + 2),
                    top: random.integer(below: height - rows + 1, at: position + 3), width: columns, height: rows)
            }
            let (least, most) = (Double(range.leastAspect), 1 / Double(range.leastAspect))
            let columns = min(width, Int((Double(height) * most).rounded(.toNearestOrEven)))
            let rows = min(height, Int((Double(width) / least).rounded(.toNearestOrEven)))
            return Part(left: (width - columns) / 2, top: (height - rows) / 2, width: columns, height: rows)
        }

        /// The rows and columns of a window of this size that become zero; nil where none do.
        func hole(in size: Int) -> (rows: Range<Int>, columns: Range<Int>)? {
            guard augmentation.cutout > 0 else { return nil }
            func side(at position: Int) -> Range<Int> {
                let start = random.integer(below: size, at: position) - augmentation.cutout / 2
                return (start..<start + augmentation.cutout).clamped(to: 0..<size)
            }
            return (side(at: 43), side(at: 44))
        }

        private func between(_ least: Double, _ most: Double, at position: Int) -> Double {
            least + (most - least) * Double(random.integer(below: 1 << 53, at: position)) * 0x1p-53
        }

        /// Nil where the window does not fit into the padded side of a picture.
        private func start(_ side: Int, _ size: Int, at position: Int) -> Int? {
            let freedom = side + 2 * augmentation.padding - size
            return freedom >= 0 ? random.integer(below: freedom + 1, at: position) - augmentation.padding : nil
        }
    }
}
