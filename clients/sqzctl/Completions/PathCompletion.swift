internal import Files
internal import Glibc

/// Paths, where a word may also be something else, so that the shell can't be told to offer them itself.
enum PathCompletion {
    /// Those that go on from what is typed; of folders with a slash.
    static func paths(_ word: String) -> [String] {
        let folder = word.lastIndex(of: "/").map { String(word[...$0]) } ?? ""
        let begun = word.dropFirst(folder.count)
        let place = folder.isEmpty ? "./" : expanded(folder)
        do throws(FileError) {
            return try Directory.names(in: place)
                .filter { $0.hasPrefix(begun) && (begun.hasPrefix(".") || !$0.hasPrefix(".")) }
                .map { folder + $0 + (isFolder(place + $0) ? "/" : "") }
        } catch {
            return []
        }
    }

    /// Whether it is a path that is begun, and nothing else.
    static func isMeant(by word: String) -> Bool {
        word.hasPrefix("/") || word.hasPrefix(".") || word.hasPrefix("~/")
    }

    /// As the shell will.
    private static func expanded(_ folder: String) -> String {
        guard folder.hasPrefix("~/"), let home = Daemon.variable("HOME") else { return folder }
        return home + folder.dropFirst()
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
