import Bitmaps
import Imaging
import TestSupport
import Testing

/// Pictures that are not whole.
@Suite(.needsPillow) struct DamageTests {
    /// Cut at any byte: refused as cut off, or, where only what comes after the picture is missing, the same picture.
    @Test(arguments: [
        ("png", ["photo.png", "6-16-interlaced.png", "3-4-clear.png", "animated.png", "turned-6.png"]),
        ("jpeg", ["baseline.jpg", "progressive.jpg", "restarts.jpg", "grey.jpg", "ycck.jpg", "8x8.jpg"]),
        ("webp", ["lossy.webp", "lossless.webp", "clear.webp", "animated.webp", "island.webp"]),
    ])
    func cutOffAnywhere(kind: String, names: [String]) throws {
        let samples = try Samples(kind)
        for name in names {
            let bytes = try samples.bytes(name)
            let whole = try Bitmap(bytes)
            var lengths = Set(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150)))
            lengths.formUnion(max(0, bytes.count - 40)..<bytes.count)
            lengths.formUnion(0..<60)
            for length in lengths {
                // Fewer bytes than tell the format.
                let codes: [ImagingError.Code] = length < 12 ? [.unknown, .notRead, .cutOff] : [.cutOff]
                do throws(ImagingError) {
                    let part = try Bitmap(Array(bytes[..<length]))
                    // EXIF may stand behind the picture.
                    if !name.hasPrefix("turned") { #expect(part == whole, "\(name) of \(length) bytes") }
                    // What follows is an end mark, or other frames.
                    let isPossible = bytes.count - length < 40 || name.hasPrefix("animated") || name.hasPrefix("island")
                    #expect(isPossible, "\(name) of \(length) bytes is said to be whole")
                } catch {
                    #expect(codes.contains(error.code), "\(name) of \(length) bytes: \(error)")
                }
            }
        }
    }

    @Test(arguments: ["baseline.jpg", "restarts.jpg", "grey.jpg", "cmyk.jpg", "progressive.jpg"])
    func aJPEGSaysHowMuchIsMissing(name: String) throws {
        let bytes = try Samples("jpeg").bytes(name)
        // Where the first scan's data begin: before that no row is there.
        let scan = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xda })
        var last = 101
        for length in stride(from: scan + 20, to: bytes.count - 2, by: max(1, bytes.count / 60)) {
            let error = try #require(throws: ImagingError.self) { try Bitmap(Array(bytes[..<length])) }
            let words = error.problem.split(separator: " ")
            let percent = try #require(
                error.problem.contains("coarse") || error.problem.contains("less than 1 %")
                    ? 0 : words.firstIndex(of: "%").flatMap { Int(words[$0 - 1]) }, "\(error)")
            #expect(percent <= last, "\(length) bytes: \(error)")
            last = percent
        }
        #expect(last < 10)
    }

    @Test func aJPEGInItsLastPercentIsCutOff() throws {
        let bytes = try Samples("jpeg").bytes("baseline.jpg")
        let error = try #require(throws: ImagingError.self) { try Bitmap(Array(bytes[..<(bytes.count * 995 / 1_000)])) }
        #expect(error.code == .cutOff)
        #expect(error.problem.hasSuffix(" % of its rows are missing"), "\(error)")
    }

    /// A JPEG without its end mark is a whole picture: some cameras write such.
    @Test func anEndMarkIsNoPartOfThePicture() throws {
        let samples = try Samples("jpeg")
        for name in ["baseline.jpg", "progressive.jpg", "8x8.jpg"] {
            let bytes = try samples.bytes(name)
            #expect(try Bitmap(Array(bytes.dropLast(2))) == Bitmap(bytes), "\(name)")
        }
    }

    @Test func brokenIsToldApart() throws {
        let jpeg = try Samples("jpeg").bytes("baseline.jpg")
        // An end mark in the middle of the data.
        var ended = jpeg
        (ended[jpeg.count * 3 / 4], ended[jpeg.count * 3 / 4 + 1]) = (0xff, 0xd9)
        let early = try #require(throws: ImagingError.self) { try Bitmap(ended) }
        #expect(early.code == .broken)
        #expect(early.problem.hasSuffix(" of 151"), "\(early)")

        var png = try Samples("png").bytes("photo.png")
        png[png.count / 2] ^= 0xff
        let damaged = try #require(throws: ImagingError.self) { try Bitmap(png) }
        #expect(damaged.code == .broken)
        #expect(damaged.problem.hasPrefix("the picture is broken: IDAT: "), "\(damaged)")
    }

    /// A scan without data to speak of costs as much as the whole picture.
    @Test func scansWithoutEndAreRefused() throws {
        let bytes = try Samples("jpeg").bytes("8x8-progressive.jpg")
        let last = try #require(bytes.indices.dropLast().last { bytes[$0] == 0xff && bytes[$0 + 1] == 0xda })
        func repeated(_ count: Int) -> [UInt8] {
            bytes[..<last] + (0..<count).flatMap { _ in bytes[last..<bytes.count - 2] } + bytes.suffix(2)
        }
        #expect(try Bitmap(repeated(1)) == Bitmap(bytes))
        #expect(try Bitmap(repeated(50)).width == 8)
        let error = try #require(throws: ImagingError.self) { try Bitmap(repeated(101)) }
        #expect(error.code == .broken)
        #expect(error.problem == "the picture is broken: more than 100 scans")
    }

    /// Whatever the bytes are, a picture or an error comes out, and no crash.
    @Test(arguments: [
        ("png", ["3-4-interlaced-clear.png", "2-16-clear.png", "turned-6.png"]),
        ("jpeg", ["8x8.jpg", "17x33-progressive.jpg", "restarts.jpg", "turned-6-big.jpg"]),
        ("webp", ["island.webp", "clear-lossless.webp", "turned-6.webp"]),
    ])
    func flippedBytes(kind: String, names: [String]) throws {
        let samples = try Samples(kind)
        for name in names {
            for bytes in damaged(try samples.bytes(name), flips: 300, seed: 7) {
                do throws(ImagingError) {
                    let bitmap = try Bitmap(bytes, limit: 1 << 20)
                    #expect(bitmap.pixels.count <= 1 << 20)
                } catch {
                    #expect(!error.problem.isEmpty)
                }
            }
        }
    }
}
