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
            let preprocessing = try Preprocessing(sourceSize: test.source, size: test.size)
            let picture =
                test.isFlat
                ? [UInt8](repeating: 7, count: preprocessing.pictureBytes)
                : Pictures.picture(test.source + test.size, size: test.source)
            let found = picture.withUnsafeBytes { preprocessing.standardized($0) }
            // Values are up to about 5; TensorFlow's own sums are in single precision.
            #expect(zip(found, truth).allSatisfy { abs($0 - $1) < 4e-6 }, "\(test)")
            truth = truth.dropFirst(found.count)
        }
        #expect(truth.isEmpty)
    }

    /// A random crop of a padded picture is a window of it, moved at most by the padding, and mirrored or not.
    @Test func augmentationsAreWindows() throws {
        let preprocessing = try Preprocessing(sourceSize: 8, size: 8, padding: 2)
        let picture = Pictures.picture(0, size: 8)
        var seen: Set<[Int]> = []
        for index in 0..<400 {
            let augmentation = Preprocessing.Augmentation(seed: 5, epoch: 1, index: index)
            let found = picture.withUnsafeBytes { preprocessing.standardized($0, augmentation: augmentation) }
            let again = picture.withUnsafeBytes { preprocessing.standardized($0, augmentation: augmentation) }
            #expect(found == again)
            let matches = Self.windows(of: picture, size: 8, padding: 2).filter { window in
                Self.isProportional(found, window.values)
            }
            #expect(matches.count == 1)
            seen.insert(matches[0].key)
        }
        // 25 places, two ways round: 400 draws miss one of 50 with probability 50 × 0.98^400 < 0.02.
        #expect(seen.count == 50)
    }

    @Test func cropsAtRandomInTrainingOnly() throws {
        let preprocessing = try Preprocessing(sourceSize: 32, size: 24, flips: false)
        let picture = Pictures.picture(1, size: 32)
        let crops = Set(
            (0..<60).map { index in
                picture.withUnsafeBytes {
                    preprocessing.standardized($0, augmentation: .init(seed: 1, epoch: 0, index: index))
                }
            })
        #expect(crops.count > 40)
    }

    @Test func refusesSizes() {
        #expect(throws: EngineError.self) { try Preprocessing(size: 0) }
        #expect(throws: EngineError.self) { try Preprocessing(size: 32, padding: -1) }
        #expect(throws: EngineError.self) { try Preprocessing(size: 32, padding: 257) }
        #expect(throws: EngineError.self) { try Preprocessing(sourceSize: 4_000, size: 32) }
    }

    /// Every window of the zero-padded picture, both ways round, as [row][column][channel].
    private static func windows(
        of picture: [UInt8], size: Int, padding: Int
    ) -> [(key: [Int], values: [Float])] {
        var windows: [(key: [Int], values: [Float])] = []
        for top in -padding...padding {
            for left in -padding...padding {
                for flip in [0, 1] {
                    var values: [Float] = []
                    for row in 0..<size {
                        for column in 0..<size {
                            let (y, x) = (top + row, left + (flip == 1 ? size - 1 - column : column))
                            let isInside = (0..<size).contains(y) && (0..<size).contains(x)
                            for channel in 0..<3 {
                                values.append(isInside ? Float(picture[(channel * size + y) * size + x]) : 0)
                            }
                        }
                    }
                    windows.append((key: [top, left, flip], values: values))
                }
            }
        }
        return windows
    }

    /// Whether a is (b − mean) / deviation.
    private static func isProportional(_ a: [Float], _ b: [Float]) -> Bool {
        let mean = b.reduce(0, +) / Float(b.count)
        let deviation = (b.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Float(b.count)).squareRoot()
        return zip(a, b).allSatisfy { abs($0 - ($1 - mean) / deviation) < 1e-4 }
    }
}
