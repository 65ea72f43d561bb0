internal import Varlink

/// What went wrong, as an object on a line of standard error: with `--json`, for programs.
struct ToldError: Encodable {
    let message: String
    /// The exit status, where it is the first or the only one.
    let status: CInt
    /// The daemon's error, as the protocol has it.
    var error: String?
    var parameters: [String: JSONValue]?

    /// Whether there is --json among the options, also where they can't be parsed.
    static let isWanted = CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")

    func print() {
        do {
            Output.error(String(decoding: try JSON.encode(self), as: UTF8.self), isWhole: true)
        } catch {
            Output.error("sqzctl: \(message)")
        }
    }
}
