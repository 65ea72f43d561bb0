internal import ArgumentParser
internal import Glibc
internal import SqzProtocol

/// What can be shown where it is shown: colours, characters beyond ASCII, lines of any length.
enum Display {
    enum Colour: String, CaseIterable, ExpressibleByArgument {
        case always, never, auto
    }

    /// As the command line says, before anything is printed. Only the main thread prints.
    nonisolated(unsafe) static var colour = Colour.auto
    /// Whether lines may be longer than the terminal is wide.
    nonisolated(unsafe) static var isWide = false

    /// https://no-color.org: the variable counts unless it is empty.
    static var isColoured: Bool {
        switch colour {
        case .always: true
        case .never: false
        case .auto:
            isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR") == nil && variable("TERM") != "dumb"
        }
    }

    /// Whether the locale's characters are UTF-8: the first of these variables that is set says it, as in locale(7).
    static let isUTF8: Bool = {
        let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(variable).first ?? "C"
        let letters = name.lowercased().filter { $0 != "-" }
        return letters.contains("utf8")
    }()

    /// Where something was cut off.
    static var ellipsis: String { isUTF8 ? "…" : "~" }
    static var plusMinus: String { isUTF8 ? "±" : "+-" }

    /// How many columns lines may have.
    static var columns: Int? { isWide ? nil : Terminal.output?.columns }

    /// Empty is not set.
    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A colour of a terminal's, which its user has chosen (ECMA-48, SGR).
enum Paint: String, Sendable {
    case red = "31"
    case green = "32"
    case yellow = "33"
    case cyan = "36"
    case dim = "2"
    case reverse = "7"

    /// nil for what needs no attention.
    static func of(_ state: State) -> Paint? {
        switch state {
        case .queued: nil
        case .running: .cyan
        case .paused: .yellow
        case .succeeded: .green
        case .failed: .red
        case .cancelled: .dim
        }
    }

    /// The text in this colour, where there are any.
    func on(_ text: String) -> String {
        Display.isColoured ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}
