import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What the errors of one interface become in another.
@Suite struct ErrorTests {
    private static let interfaces = InterfaceDescription.all.map(\.interface).filter {
        $0.name != ServiceInterface.name
    }

    /// One of each, from the examples.
    private static func errors() throws -> [SqzError] {
        var errors: [SqzError] = []
        for (_, example) in try Example.all() {
            guard let reply = example.replies.last, let name = reply.error, !name.hasPrefix(ServiceInterface.name)
            else { continue }
            errors.append(
                try #require(SqzError(VarlinkError(name: name, parameters: reply.parameters ?? [:])), "\(name)"))
        }
        return errors
    }

    @Test func everyInterfaceHasFailed() {
        for interface in Self.interfaces { #expect(interface.errors.contains("Failed"), "\(interface.name)") }
    }

    @Test func whatAnInterfaceDoesNotDeclareIsTheSentenceOfItsFailed() throws {
        var undeclared = 0
        for interface in Self.interfaces {
            for error in try Self.errors() {
                let wire = try error.wire(of: interface)
                let plain = try error.wire(interface: interface.name)
                if interface.errors.contains(where: { plain.name == "\(interface.name).\($0)" }) {
                    #expect(wire == plain)
                } else {
                    #expect(
                        wire
                            == VarlinkError(
                                name: "\(interface.name).Failed", parameters: ["reason": .string("\(error)")]))
                    undeclared += 1
                }
            }
        }
        #expect(undeclared > 100)
    }
}
