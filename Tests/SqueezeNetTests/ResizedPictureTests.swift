import Bitmaps
import SqueezeNet
import TestSupport
import Testing

/// What Pillow and NumPy make of the same pictures.
@Suite(.needsPillow) struct ResizedPictureTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    /// Reads planes, and writes float32 as [row][column][channel].
    /// Arguments: file, width, height, part (left, top, width, height), its size, window, channels, mean, scale.
    private static let script = """
        import sys, numpy
        from PIL import Image
        path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        part, side, window = [int(n) for n in sys.argv[4].split(",")], int(sys.argv[5]), int(sys.argv[6])
        planes = numpy.fromfile(path, numpy.uint8).reshape(3, height, width)
        picture = Image.fromarray(planes.transpose(1, 2, 0).copy())
        picture = picture.crop((part[0], part[1], part[0] + part[2], part[1] + part[3]))
        # The width first, as Pillow did until 12.
        picture = picture.resize((side, picture.height), Image.BILINEAR).resize((side, side), Image.BILINEAR)
        start = (side - window) // 2
        x = numpy.asarray(picture.crop((start, start, start + window, start + window)), numpy.float64)
        if sys.argv[7] == "bgr":
            x = x[:, :, ::-1]
        if sys.argv[8] == "own":
            x = (x - x.mean()) / max(x.std(), x.size ** -0.5)
        else:
            x = (x - numpy.array(eval(sys.argv[8]))) * numpy.array(eval(sys.argv[9]))
        sys.stdout.buffer.write(x.astype(numpy.float32).tobytes())
        """

    private func expected(
        _ picture: [UInt8], _ width: Int, _ height: Int, part: (Int, Int, Int, Int), side: Int, window: Int,
        channels: String = "rgb", mean: String = "own", scale: String = ""
    ) throws -> [Float] {
        let path = try scratch.write("picture", picture)
        let bytes = try Oracle.run(
            try #require(Oracle.python),
            [
                "-c", Self.script, path, "\(width)", "\(height)", "\(part.0),\(part.1),\(part.2),\(part.3)", "\(side)",
                "\(window)", channels, mean, scale,
            ])
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    private static func input(
        _ preprocessing: Preprocessing, _ picture: [UInt8], _ width: Int, _ height: Int,
        _ draw: Augmentation.Draw? = nil
    ) -> [Float] {
        picture.withUnsafeBytes {
            preprocessing.input(of: Picture(planes: $0, width: width, height: height), draw: draw)
        }
    }

    /// torchvision's transforms, Caffe's, and our own after a resize.
    @Test func agreesWithPillow() throws {
        let (width, height) = (90, 60)
        let picture = Pictures.picture(4, width: width, height: height)
        let square = (15, 0, 60, 60)
        for (channels, normalization, mean, scale) in [
            (.rgb, .perImage, "own", ""),
            (
                .rgb, .imageNet, "[255 * 0.485, 255 * 0.456, 255 * 0.406]",
                "[1 / (255 * 0.229), 1 / (255 * 0.224), 1 / (255 * 0.225)]"
            ),
            (.bgr, .caffe, "[104, 117, 123]", "[1, 1, 1]"),
        ] as [(Preprocessing.Channels, Normalization, String, String)] {
            let preprocessing = try Preprocessing(
                size: 28, squares: [Square(.crop, side: 60), Square(.crop, side: 32)], channels: channels,
                normalization: normalization)
            let right = try expected(
                picture, width, height, part: square, side: 32, window: 28, channels: channels.rawValue, mean: mean,
                scale: scale)
            let found = Self.input(preprocessing, picture, width, height)
            let largest = right.map(abs).max()!
            #expect(found.count == right.count)
            #expect(zip(found, right).allSatisfy { abs($0 - $1) <= 2e-6 * largest }, "\(normalization)")
        }
    }

    /// torchvision's `resized_crop` of the part that was drawn, mirrored or not.
    @Test func aRandomPartIsResizedAsPillowDoes() throws {
        let (width, height) = (50, 40)
        let picture = Pictures.picture(5, width: width, height: height)
        let preprocessing = try Preprocessing(size: 16, squares: [Square(.crop, side: 19)])
        let augmentation = Augmentation(padding: 0, flips: false, part: .init())
        for index in 0..<4 {
            let draw = augmentation.draw(seed: 2, epoch: 3, index: index)
            let part = try #require(Self.part(draw, width, height))
            let right = try expected(
                picture, width, height, part: (part.left, part.top, part.width, part.height), side: 16, window: 16)
            let found = Self.input(preprocessing, picture, width, height, draw)
            #expect(zip(found, right).allSatisfy { abs($0 - $1) < 2e-5 })
            let mirrored = Self.input(
                preprocessing, picture, width, height,
                Augmentation(padding: 0, flips: true, part: .init()).draw(seed: 2, epoch: 3, index: index))
            let turned = (0..<256).flatMap { pixel in
                let other = 3 * (pixel / 16 * 16 + 15 - pixel % 16)
                return found[other..<other + 3]
            }
            #expect(mirrored == found || zip(mirrored, turned).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    private static func part(_ draw: Augmentation.Draw, _ width: Int, _ height: Int) -> Part? {
        [UInt8](repeating: 0, count: 3 * width * height).withUnsafeBytes {
            draw.part(of: Picture(planes: $0, width: width, height: height))
        }
    }

    /// By torchvision's rule: areas spread evenly over 0.08 to 1, aspects evenly by their logarithm, any place.
    @Test func partsAreDrawnAsTorchvisionDoes() throws {
        let parts = (0..<2_000).compactMap { index in
            Self.part(
                Augmentation(padding: 0, flips: true, part: .init()).draw(seed: 1, epoch: 1, index: index), 200, 200)
        }
        try #require(parts.count == 2_000)
        for part in parts {
            #expect(part.left >= 0 && part.top >= 0 && part.left + part.width <= 200 && part.top + part.height <= 200)
            #expect((0.0748...1).contains(Double(part.width * part.height) / 40_000))
            #expect((0.74...1.352).contains(Double(part.width) / Double(part.height)))
        }
        // 200,000 draws by the formulas of `get_params` have a mean area of 0.480, a deviation of 0.234, and 0.494 are wider than
        // high: a large part of an extreme shape does not fit and is drawn again. Three standard errors.
        let pixels = parts.map { $0.width * $0.height }
        let area = Double(pixels.reduce(0, +)) / 40_000 / 2_000
        #expect(abs(area - 0.480) < 0.016)
        let wide = parts.count { $0.width > $0.height }
        #expect(abs(wide - 989) < 67)
        #expect(Set(parts).count > 1_900)
    }

    /// Where none of ten tries fits, the largest central part of an allowed shape.
    @Test func aStripHasACentralPart() throws {
        let draw = Augmentation(padding: 0, flips: true, part: .init(leastArea: 0.9)).draw(seed: 1, epoch: 1, index: 0)
        #expect(Self.part(draw, 300, 30).map { [$0.left, $0.top, $0.width, $0.height] } == [130, 0, 40, 30])
        #expect(Self.part(draw, 30, 300).map { [$0.left, $0.top, $0.width, $0.height] } == [0, 130, 30, 40])
        #expect(Self.part(draw, 1, 1).map { [$0.left, $0.top, $0.width, $0.height] } == [0, 0, 1, 1])
    }
}
