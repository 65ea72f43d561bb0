internal import Imaging

/// What a file below a folder of pictures is, told by its path and its first bytes.
enum PictureKind: Equatable {
    /// By its first bytes, whatever its name.
    case picture
    /// By its name, which its first bytes belie; why.
    case unreadable(String)
    case passedOver(PassedOverFiles.Reason)

    /// First bytes that tell.
    static let startBytes = 1_024

    /// By the path alone: what systems leave in folders, and what their users hide.
    static func isHidden(_ path: MemberPath) -> Bool {
        path.names.contains { name in
            name.first == UInt8(ascii: ".") || strays.contains { name.elementsEqual($0.utf8) }
        }
    }

    /// First bytes that tell a picture that is read.
    static let markBytes = 12

    static func isPicture(_ start: [UInt8]) -> Bool {
        do throws(ImagingError) {
            try start.withUnsafeBufferPointer { start throws(ImagingError) in
                _ = try PictureFormat(of: UnsafeRawBufferPointer(start))
            }
            return true
        } catch { return false }
    }

    init(_ path: MemberPath, start: UnsafeRawBufferPointer) {
        do throws(ImagingError) {
            _ = try PictureFormat(of: start)
            self = .picture
        } catch {
            self = Self.hasPictureName(path) ? .unreadable("\(error)") : .passedOver(.noPicture)
        }
    }

    /// Whether it should be a picture: by the names that pictures have.
    static func hasPictureName(_ path: MemberPath) -> Bool {
        hasPictureName(String(decoding: path.names.last ?? [], as: UTF8.self))
    }

    static func hasPictureName(_ name: String) -> Bool {
        let name = name.lowercased()
        return suffixes.contains { name.hasSuffix($0) }
    }

    /// Files of records by their official names (CIFAR, IDX): what holds such a file is no folder of pictures.
    static func hasRecordName(_ path: MemberPath) -> Bool {
        var name = String(decoding: path.names.last ?? [], as: UTF8.self)
        if name.hasSuffix(".gz") { name.removeLast(3) }
        return name.hasPrefix("data_batch_") || name.hasSuffix("-ubyte")
            || ["test_batch.bin", "train.bin", "test.bin"].contains(name)
    }

    private static let strays = ["__MACOSX", "Thumbs.db", "ehthumbs.db", "desktop.ini", "@eaDir", "$RECYCLE.BIN"]
    private static let suffixes = [
        ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif",
        ".avif", ".jxl", ".jp2", ".ppm", ".pgm", ".pbm", ".tga", ".psd", ".svg", ".dng", ".cr2", ".cr3", ".nef", ".arw",
    ]
}
