internal import Glibc

/// A drawing as PNG, by a program that others keep up to date.
enum PNGConversion {
    private static let program = "rsvg-convert"

    /// - Throws: `InputError` where the program is not installed, or does not take the drawing.
    static func png(of svg: String, for path: String) throws -> [UInt8] {
        let child: ChildProcess
        do throws(StartError) {
            child = try ChildProcess([program, "--format", "png", "--zoom", "2"])
        } catch {
            guard error.code == ENOENT else { throw error }
            throw InputError(path, bad: "needs \(program), of Debian's package librsvg2-bin; FILE.svg needs nothing")
        }
        // It reads all before it writes.
        let failure = child.finish(Array(svg.utf8))
        var png: [UInt8] = []
        while case let bytes = child.read(), !bytes.isEmpty { png += bytes }
        guard child.wait() == 0, failure == nil, !png.isEmpty else {
            throw InputError(path, bad: "\(program) failed")
        }
        return png
    }
}
