import Bitmaps
import Imaging
import TestSupport
import Testing

/// What Pillow makes of the same pictures.
@Suite(.needsPillow) struct OracleTests {
    /// PNG of every colour type and depth, JPEG, WebP: the same bytes.
    @Test(arguments: ["png", "jpeg", "webp"])
    func decodesAsPillow(kind: String) throws {
        let samples = try Samples(kind)
        for sample in samples.cases {
            let decoded = try Bitmap(samples.bytes(sample.source))
            let difference = try #require(decoded.difference(from: samples.expected(sample)), "\(sample.name)")
            #expect(difference == (0, 0), "\(sample.name)")
        }
    }

    @Test func resizesAsPillow() throws {
        let samples = try Samples("resize")
        for sample in samples.cases {
            guard let filter = sample.filter else { continue }
            let source = try Bitmap(samples.bytes(sample.source))
            let resized =
                switch sample.fit.flatMap(Fit.init) {
                case let fit?: source.squared(Square(fit, side: sample.width, filter: filter))
                case nil: source.resized(width: sample.width, height: sample.height, filter: filter)
                }
            #expect(try resized == samples.expected(sample), "\(sample.name)")
        }
    }

    /// A picture that lies on its side is resized before it is turned, to the same bytes.
    @Test func turningLaterIsTheSame() throws {
        let samples = try Samples("jpeg")
        for name in (1...8).map({ "turned-\($0)-little.jpg" }) + ["1x10000.jpg", "17x33.jpg"] {
            let bytes = try samples.bytes(name)
            let whole = try Bitmap(bytes)
            for (fit, side) in [(Fit.crop, 57), (.crop, 151), (.pad, 64), (.stretch, 300)] {
                for filter in Filter.allCases {
                    let square = Square(fit, side: side, filter: filter)
                    let decoded = try bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
                        try Bitmap(decoding: UnsafeRawBufferPointer(bytes), to: square)
                    }
                    #expect(decoded == whole.squared(square), "\(name) \(square)")
                }
            }
        }
    }

    @Test func pillowReadsWhatIsWritten() throws {
        let scratch = try ScratchDirectory()
        var generator = SeededGenerator(seed: 3)
        for (width, height) in [(1, 1), (7, 3), (1, 10_000), (300, 200)] {
            let bitmap = Bitmap(width: width, height: height, pixels: generator.bytes(3 * width * height))
            let path = try scratch.write("written.png", bitmap.png())
            let script = """
                import sys; from PIL import Image; picture = Image.open(sys.argv[1])
                assert picture.mode == "RGB" and picture.size == (int(sys.argv[2]), int(sys.argv[3]))
                sys.stdout.buffer.write(picture.tobytes())
                """
            let read = try Oracle.run(try #require(Oracle.python), ["-c", script, path, "\(width)", "\(height)"])
            #expect(read == bitmap.pixels)
            #expect(try Bitmap(bitmap.png()) == bitmap)
            let planes = (0..<3).flatMap { channel in
                stride(from: channel, to: bitmap.pixels.count, by: 3).map { bitmap.pixels[$0] }
            }
            #expect(bitmap.planes == planes)
        }
    }
}
