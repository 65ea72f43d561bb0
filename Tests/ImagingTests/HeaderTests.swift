import Bitmaps
import Imaging
import Testing

/// What the first bytes say, without a decoder.
struct HeaderTests {
    static func header(_ bytes: [UInt8]) throws(ImagingError) -> PictureHeader {
        try bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
            try PictureHeader(of: UnsafeRawBufferPointer(bytes))
        }
    }

    static func big(_ number: Int, bytes: Int) -> [UInt8] {
        (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// The header chunk and the beginning of data; nothing looks at the checksum before the size.
    static func png(width: Int, height: Int, type: UInt8 = 2) -> [UInt8] {
        [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + big(13, bytes: 4) + Array("IHDR".utf8)
            + big(width, bytes: 4) + big(height, bytes: 4) + [8, type, 0, 0, 0] + [0, 0, 0, 0]
            + big(0, bytes: 4) + Array("IDAT".utf8) + [0, 0, 0, 0]
    }

    static func jpeg(width: Int, height: Int, components: UInt8 = 3) -> [UInt8] {
        [0xff, 0xd8, 0xff, 0xc0, 0, 17, 8] + big(height, bytes: 2) + big(width, bytes: 2) + [components]
            + [UInt8](repeating: 1, count: 9) + [0xff, 0xda, 0, 2]
    }

    /// An animation, whose size has 24 bits.
    static func webp(width: Int, height: Int) -> [UInt8] {
        func little(_ number: Int, bytes: Int) -> [UInt8] { big(number, bytes: bytes).reversed() }
        return Array("RIFF".utf8) + little(1_000, bytes: 4) + Array("WEBPVP8X".utf8) + little(10, bytes: 4)
            + [2, 0, 0, 0] + little(width - 1, bytes: 3) + little(height - 1, bytes: 3) + Array("ANIM".utf8)
            + little(6, bytes: 4) + [UInt8](repeating: 0, count: 30)
    }

    @Test func aBombIsRefusedByItsHeader() throws {
        for (bytes, size) in [
            (Self.png(width: 100_000, height: 100_000), "100000x100000"),
            (Self.png(width: 2_147_483_647, height: 2_147_483_647, type: 6), "2147483647x2147483647"),
            (Self.png(width: 4_294_967_295, height: 4_294_967_295, type: 6), "4294967295x4294967295"),
            (Self.jpeg(width: 65_500, height: 65_500), "65500x65500"),
            (Self.webp(width: 16_777_216, height: 100), "16777216x100"),
        ] {
            let error = try #require(throws: ImagingError.self) { try Bitmap(bytes) }
            #expect(error.code == .overLimit, "\(error)")
            #expect(error.problem.hasPrefix("\(size) pixels of "), "\(error)")
            #expect(error.problem.hasSuffix(" channels are more than \(ImagingLimits.values) values"), "\(error)")
        }
    }

    @Test func theLimitCountsChannels() throws {
        for (type, channels) in [(UInt8(2), 3), (6, 4)] {
            let bytes = Self.png(width: 10, height: 10, type: type)
            #expect(try Self.header(bytes).channels == channels)
            let over = try #require(throws: ImagingError.self) { try Bitmap(bytes, limit: 100 * channels - 1) }
            #expect(over.code == .overLimit)
            let within = try #require(throws: ImagingError.self) { try Bitmap(bytes, limit: 100 * channels) }
            #expect(within.code == .broken)
        }
        #expect(try Self.header(Self.jpeg(width: 10, height: 20, components: 4)).channels == 4)
        #expect(try Self.header(Self.jpeg(width: 10, height: 20, components: 1)).channels == 3)
    }

    @Test func aSideOfNothingIsBroken() {
        for bytes in [
            Self.png(width: 0, height: 5), Self.png(width: 5, height: 0), Self.jpeg(width: 5, height: 0),
            Self.jpeg(width: 0, height: 5), Self.jpeg(width: 5, height: 5, components: 2),
        ] {
            let error = #expect(throws: ImagingError.self) { try Self.header(bytes) }
            #expect(error?.code == .broken)
        }
    }

    @Test func aJPEGWithoutASizeIsBroken() {
        for bytes: [UInt8] in [
            [0xff, 0xd8, 0xff, 0xd9], [0xff, 0xd8, 0xff, 0xe0, 0, 0], [0xff, 0xd8, 0xff, 0xda, 0, 2],
        ] {
            let error = #expect(throws: ImagingError.self) { try Self.header(bytes) }
            #expect(error?.code == .broken)
        }
    }

    /// Every length of a JPEG of nothing but markers, and a megabyte of filling.
    @Test func markersWithoutEnd() {
        for byte: UInt8 in [0xff, 0x00, 0xe1, 0xd0] {
            let bytes = [0xff, 0xd8, 0xff] + [UInt8](repeating: byte, count: 1 << 20)
            #expect(throws: ImagingError.self) { try Self.header(bytes) }
        }
    }

    @Test(arguments: [
        ("GIF89a\u{1}\0\u{1}\0", "a GIF picture"),
        ("MM\0*\0\0\0\u{8}", "a TIFF picture, or a camera's raw one"),
        ("BM\u{10}\0\0\0", "a BMP picture"), ("%PDF-1.7\n", "a PDF document"),
        ("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "an SVG drawing"),
        ("<!DOCTYPE html><title>404</title>", "a web page"), ("PK\u{3}\u{4}\u{14}\0", "a zip archive"),
        ("cat,1\ndog,2\n", "text"), ("Grüße\n", "text"), ("\0\0\0\u{1c}ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        ("\0\0\0\u{1c}ftypmif1\0\0\0\0mif1avif", "an AVIF picture"),
        ("\0\0\0\u{1c}ftypavif\0\0\0\0mif1", "an AVIF picture"),
        ("\0\0\0\u{14}ftypqt  \0\0\0\0", "a film"), ("RIFF\u{10}\0\0\0AVI LIST", "a film or a sound"),
        ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer: git lfs pull gets the file"),
    ])
    func otherFormatsAreNamed(bytes: String, kind: String) {
        let error = #expect(throws: ImagingError.self) { try Self.header(Array(bytes.utf8)) }
        #expect(error?.code == .notRead)
        #expect(error?.problem == "this is \(kind); PNG, JPEG and WebP are read")
    }

    @Test(arguments: [("", "an empty file"), ("\u{1}\u{2}\u{3}\u{4}", "no picture of a known format")])
    func whatIsNotKnownIsSaid(bytes: String, kind: String) {
        let error = #expect(throws: ImagingError.self) { try Self.header(Array(bytes.utf8)) }
        #expect(error?.code == .unknown)
        #expect(error?.problem == "this is \(kind); PNG, JPEG and WebP are read")
    }
}
