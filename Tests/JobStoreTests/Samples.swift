import JobStore
import SqzProtocol
import Testing

/// Users of a system that has alice, 1, and bob, 2.
extension Publisher {
    static func user(_ uid: Int = 1, isAdministrator: Bool = false) -> Publisher {
        let names = ["alice": 1, "bob": 2]
        return Publisher(
            uid: uid, isAdministrator: { isAdministrator }, user: { names[$0] },
            prefix: { names.first { $0.value == uid }?.key ?? String(uid) })
    }
}

extension MadeModel {
    static let sample = MadeModel(
        file: "m", weightsSha256: "w", architecture: "squeezenet-cifar", bypass: "none", classes: ["a", "b"],
        parameters: 1, multiplyAdds: 2, preprocessing: "p", layers: [])
}

extension Imported {
    static let sample = Imported(format: "idx", train: 2, test: 1, classes: ["a"], height: 32, width: 32)
}

/// Why `body` refuses what was given for an option.
func reason(_ option: String, _ body: () async throws -> Void) async -> String {
    let error = await #expect(throws: SqzError.self) { try await body() }
    guard case .invalidOption(option, let reason)? = error else {
        Issue.record("\(error.map { "\($0)" } ?? "no error")")
        return ""
    }
    return reason
}
