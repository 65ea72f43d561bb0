internal import Glibc

/// A small text file with the names of classes, one a line.
struct ClassList {
    /// Blank ones too: where a name is missing, the runner says so.
    let lines: [String]
    /// Without blank lines at the end.
    var names: [String] {
        var names = lines
        while names.last?.isEmpty == true { names.removeLast() }
        return names
    }

    init(path: String) throws {
        let descriptor = try Reading.open(path, pipes: true, right: "a text file with the classes' names, one a line")
        defer { close(descriptor) }
        let limit = 1 << 20
        let bytes = try Reading.bytes(of: descriptor, path, limit: limit)
        guard bytes.count < limit else { throw InputError(path, bad: "has more than a MiB of names") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError(path, bad: "is not UTF-8")
        }
        lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    }
}
