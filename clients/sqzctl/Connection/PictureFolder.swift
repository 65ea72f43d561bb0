internal import Files
internal import Glibc
internal import SqzProtocol

/// The pictures below a folder, in the order of the bytes of their paths. What is none is passed over, and counted.
struct PictureFolder {
    let path: String
    private var pictures = 0
    private var hidden = 0
    private var others = 0
    private var links = 0

    init(_ path: String) { self.path = path }

    static func isOne(at path: String) -> Bool {
        var status = stat()
        return path != "-" && stat(path, &status) == 0 && FileKind(status) == .directory
    }

    /// Hands over one picture after the other, or why it can't be read, until nobody wants more.
    mutating func forEach(_ body: (_ path: String, Result<[UInt8], InputError>) throws -> Bool) throws {
        // What is left of each folder on the way down, the last one first; folders have a slash at the end.
        var rest = [[path.hasSuffix("/") ? path : path + "/"]]
        while !rest.isEmpty {
            guard let entry = rest[rest.count - 1].popLast() else {
                rest.removeLast()
                continue
            }
            let picture: Result<[UInt8], InputError>?
            if entry.hasSuffix("/") {
                do throws(FileError) {
                    rest.append(try entries(of: entry).reversed())
                    picture = nil
                } catch {
                    picture = .failure(InputError(entry, code: error.code))
                }
            } else {
                picture = read(entry)
            }
            guard let picture else { continue }
            pictures += 1
            guard try body(entry, picture) else { return }
        }
    }

    /// What is in a folder. The slash puts folders where their contents belong.
    private mutating func entries(of folder: String) throws(FileError) -> [String] {
        var entries: [String] = []
        for name in try Directory.names(in: folder) {
            let path = folder + name
            if name.hasPrefix(".") {
                hidden += 1
            } else if !Self.isOne(at: path) {
                entries.append(path)
            } else if Self.isLink(path) {
                // It may lead back up.
                links += 1
            } else {
                entries.append(path + "/")
            }
        }
        return entries.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    /// nil for what is no picture.
    private mutating func read(_ path: String) -> Result<[UInt8], InputError>? {
        var status = stat()
        // What can't be looked at is named when it is opened.
        if stat(path, &status) == 0, FileKind(status) != .regular {
            others += 1
            return nil
        }
        do throws(InputError) {
            guard let bytes = try PictureFile.readPicture(path) else {
                others += 1
                return nil
            }
            return .success(bytes)
        } catch {
            return .failure(error)
        }
    }

    /// What was passed over; nil where nothing was.
    var remark: String? {
        let total = hidden + others + links
        guard total > 0 else { return nil }
        let told = [
            hidden > 0 ? "\(Format.number(hidden)) hidden" : nil,
            others > 0 ? Format.count(others, "no picture", "no pictures") : nil,
            links > 0 ? Format.count(links, "link to a folder", "links to folders") : nil,
        ].compactMap { $0 }.joined(separator: ", ")
        return "\(path): \(Format.count(total, "file")) passed over: \(told)"
    }

    /// Where there was not one picture.
    var isEmpty: Bool { pictures == 0 }
}
