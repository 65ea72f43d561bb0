import Bitmaps
import FoundationEssentials
import SqueezeNet
import Testing

@Suite struct PreprocessingTests {
    struct Case: Decodable, Sendable {
        var source: Int
        var size: Int
        var isFlat: Bool
    }

    /// `tf.image.resize_with_crop_or_pad`, then `tf.image.per_image_standardization`.
    @Test func agreesWithTensorFlow() throws {
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: Fixture.directory.appending(path: "preprocessing.json")))
        var truth = try Fixture.floats("preprocessing")[...]
        for test in cases {
            let preprocessing = try Preprocessing(size: test.size)
            let picture =
                test.isFlat
                ? [UInt8](repeating: 7, count: 3 * test.source * test.source)
                : Pictures.picture(test.source + test.size, size: test.source)
            let found = Self.input(preprocessing, picture, width: test.source, height: test.source)
            // Values are up to about 5; TensorFlow's own sums are in single precision.
            #expect(zip(found, truth).allSatisfy { abs($0 - $1) < 4e-6 }, "\(test)")
            truth = truth.dropFirst(found.count)
        }
        #expect(truth.isEmpty)
    }

    /// Sides of any length, also where one is cut and the other padded.
    @Test(arguments: [(8, 5), (5, 8), (1, 40), (70, 3), (33, 35)])
    func takesTheCentreOfPicturesOfAnySize(_ width: Int, _ height: Int) throws {
        let picture = Pictures.picture(2, width: width, height: height)
        for size in [6, 20] {
            let found = Self.input(try Preprocessing(size: size), picture, width: width, height: height)
            let (left, top) = ((width - size) / 2, (height - size) / 2)
            let window = Self.window(of: picture, width, height, left: left, top: top, size: size, isMirrored: false)
            #expect(Self.isProportional(found, window))
        }
    }

    /// A random crop of a padded picture is a window of it, moved at most by the padding, and mirrored or not.
    @Test(arguments: [(8, 8), (9, 7)]) func augmentationsAreWindows(_ width: Int, _ height: Int) throws {
        let preprocessing = try Preprocessing(size: 8)
        let picture = Pictures.picture(0, width: width, height: height)
        let windows = Self.windows(of: picture, width, height, size: 8, padding: 2)
        var seen: Set<[Int]> = []
        for index in 0..<400 {
            let draw = Augmentation(padding: 2, flips: true).draw(seed: 5, epoch: 1, index: index)
            let found = Self.input(preprocessing, picture, width: width, height: height, draw)
            #expect(found == Self.input(preprocessing, picture, width: width, height: height, draw))
            let matches = windows.filter { Self.isProportional(found, $0.values) }
            #expect(matches.count == 1)
            seen.insert(matches[0].key)
        }
        // 25 or 24 places, two ways round: 400 draws miss one of 50 with probability 50 × 0.98^400 < 0.02.
        #expect(seen.count == windows.count)
    }

    /// Each picture is mirrored every other epoch; which ones begin with it is drawn.
    @Test func alternatingFlipsTakeTurns() throws {
        let preprocessing = try Preprocessing(size: 8)
        let augmentation = Augmentation(padding: 0, flips: true, alternates: true)
        let pictures = (0..<60).map { Pictures.picture($0, size: 8) }
        let epochs = (1...4).map { epoch in
            pictures.enumerated().map { index, picture in
                Self.input(
                    preprocessing, picture, width: 8, height: 8,
                    augmentation.draw(seed: 5, epoch: epoch, index: index))
            }
        }
        #expect(epochs[0] == epochs[2] && epochs[1] == epochs[3])
        #expect(zip(epochs[0], epochs[1]).allSatisfy { $0 != $1 })
        let plain = pictures.map { Self.input(preprocessing, $0, width: 8, height: 8, nil) }
        let mirrored = zip(plain, epochs[0]).count { $0 != $1 }
        #expect((15...45).contains(mirrored))
        #expect(zip(plain, zip(epochs[0], epochs[1])).allSatisfy { $0 == $1.0 || $0 == $1.1 })
    }

    /// A square of zeros, cut by the window's edges; the rest is as without.
    @Test func cutoutsAreSquares() throws {
        let preprocessing = try Preprocessing(size: 8)
        let picture = Pictures.picture(0, size: 8)
        let whole = Self.input(preprocessing, picture, width: 8, height: 8, nil)
        var seen: Set<[Int]> = []
        for index in 0..<400 {
            let draw = Augmentation(padding: 0, flips: false, cutout: 3).draw(seed: 5, epoch: 1, index: index)
            let found = Self.input(preprocessing, picture, width: 8, height: 8, draw)
            let zeros = (0..<64).filter { pixel in (0..<3).allSatisfy { found[3 * pixel + $0] == 0 } }
            let (rows, columns) = (Set(zeros.map { $0 / 8 }), Set(zeros.map { $0 % 8 }))
            #expect((2...3).contains(rows.count) && (2...3).contains(columns.count))
            #expect(zeros.count == rows.count * columns.count)
            for value in whole.indices where !zeros.contains(value / 3) { #expect(found[value] == whole[value]) }
            seen.insert(zeros)
        }
        // Every pixel is a middle.
        #expect(seen.count == 64)
        let far = Augmentation(padding: 0, flips: false, cutout: 1_000).draw(seed: 5, epoch: 1, index: 0)
        #expect(Self.input(preprocessing, picture, width: 8, height: 8, far).allSatisfy { $0 == 0 })
    }

    @Test func cropsAtRandomInTrainingOnly() throws {
        let preprocessing = try Preprocessing(size: 24)
        let picture = Pictures.picture(1, size: 32)
        let crops = Set(
            (0..<60).map { index in
                let draw = Augmentation(padding: 0, flips: false).draw(seed: 1, epoch: 0, index: index)
                return Self.input(preprocessing, picture, width: 32, height: 32, draw)
            })
        #expect(crops.count > 40)
    }

    @Test func refusesSizes() {
        for size in [0, -1, Network.largestInput + 1] {
            #expect(throws: EngineError.self) { try Preprocessing(size: size) }
        }
        for padding in [-1, 257] {
            var recipe = Recipe.tutorial
            recipe.augmentation.padding = padding
            #expect(throws: EngineError.self) { try recipe.validate() }
        }
    }

    @Test func refusesSquaresAndNormalizations() {
        let square = Square(.crop, side: 40)
        #expect(throws: Never.self) { try Preprocessing(size: 8, squares: [square, square, square]) }
        #expect(throws: EngineError.self) { try Preprocessing(size: 8, squares: [square, square, square, square]) }
        for side in [0, -1, Network.largestInput + 1] {
            #expect(throws: EngineError.self) { try Preprocessing(size: 8, squares: [Square(.pad, side: side)]) }
        }
        for (mean, scale) in [([1, 2], [1, 1, 1]), ([1, 2, .nan], [1, 1, 1]), ([1, 2, 3], [1, 0, 1])]
            as [([Float], [Float])]
        {
            #expect(throws: EngineError.self) {
                try Preprocessing(size: 8, normalization: .perChannel(mean: mean, scale: scale))
            }
        }
        for part in [
            Augmentation.RandomPart(leastArea: 0), .init(leastArea: 0.5, mostArea: 0.4), .init(mostArea: 1.1),
            .init(leastAspect: 0), .init(leastAspect: 1.1), .init(leastArea: .nan),
        ] {
            var recipe = Recipe.tutorial
            recipe.augmentation.part = part
            #expect(throws: EngineError.self) { try recipe.validate() }
        }
    }

    private static func input(
        _ preprocessing: Preprocessing, _ picture: [UInt8], width: Int, height: Int, _ draw: Augmentation.Draw? = nil
    ) -> [Float] {
        picture.withUnsafeBytes {
            preprocessing.input(of: Picture(planes: $0, width: width, height: height), draw: draw)
        }
    }

    /// Every window of the zero-padded picture, both ways round.
    private static func windows(
        of picture: [UInt8], _ width: Int, _ height: Int, size: Int, padding: Int
    ) -> [(key: [Int], values: [Float])] {
        var windows: [(key: [Int], values: [Float])] = []
        for top in -padding...height + padding - size {
            for left in -padding...width + padding - size {
                for flip in [0, 1] {
                    let values = window(
                        of: picture, width, height, left: left, top: top, size: size, isMirrored: flip == 1)
                    windows.append((key: [top, left, flip], values: values))
                }
            }
        }
        return windows
    }

    /// As [row][column][channel].
    private static func window(
        of picture: [UInt8], _ width: Int, _ height: Int, left: Int, top: Int, size: Int, isMirrored: Bool
    ) -> [Float] {
        var values: [Float] = []
        for row in 0..<size {
            for column in 0..<size {
                let (y, x) = (top + row, left + (isMirrored ? size - 1 - column : column))
                let isInside = (0..<height).contains(y) && (0..<width).contains(x)
                for channel in 0..<3 {
                    values.append(isInside ? Float(picture[(channel * height + y) * width + x]) : 0)
                }
            }
        }
        return values
    }

    /// Whether a is (b − mean) / deviation.
    private static func isProportional(_ a: [Float], _ b: [Float]) -> Bool {
        let mean = b.reduce(0, +) / Float(b.count)
        let deviation = (b.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(b.count)).squareRoot()
        return zip(a, b).allSatisfy { abs($0 - ($1 - mean) / deviation) < 1e-4 }
    }
}
