internal import Glibc

/// The size of the terminal that a descriptor is.
struct Terminal {
    let columns: Int
    let rows: Int

    /// nil where it is none, as behind a pipe: there is as much room as is needed.
    init?(_ descriptor: CInt) {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        // One that does not know its size says 0.
        columns = size.ws_col > 0 ? Int(size.ws_col) : 80
        rows = size.ws_row > 0 ? Int(size.ws_row) : 24
    }

    static var output: Terminal? { Terminal(STDOUT_FILENO) }
    static var error: Terminal? { Terminal(STDERR_FILENO) }
}
