import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `protocol/examples` against the types of `SqzProtocol`: what is read strictly and written again is the same JSON.
@Suite struct ExampleTests {
    private static let methods = InterfaceDescription.all.flatMap { $0.interface.methods }

    /// What these show is wrong already in the call.
    private static let wrongCalls = ["InterfaceNotFound", "InvalidParameter", "MethodNotFound"].map {
        "\(ServiceInterface.name).\($0)"
    }

    private static func method(_ name: String) throws -> any VarlinkMethod.Type {
        try #require(methods.first { $0.name == name })
    }

    @Test func everyMethodAndErrorHasAFileAndEveryFileAMethodOrError() throws {
        let names = InterfaceDescription.all.map(\.interface).flatMap { interface in
            interface.methods.map { $0.name } + interface.errors.map { "\(interface.name).\($0)" }
        }
        #expect(try Example.all().map(\.name) == names.sorted())
    }

    @Test func aFileShowsWhatItsNameSays() throws {
        for (name, example) in try Example.all() {
            if Self.methods.contains(where: { $0.name == name }) {
                #expect(example.call.method == name)
                #expect(example.replies.allSatisfy { $0.error == nil }, "\(name)")
            } else {
                #expect(example.replies.last?.error == name)
            }
            #expect((example.upgraded != nil) == (example.call.upgrade ?? false), "\(name)")
            let continues = example.replies.map { $0.continues ?? false }
            #expect(continues.dropLast().allSatisfy { $0 } && continues.last != true, "\(name)")
        }
    }

    @Test func callsReadAndWrittenAgainAreTheSame() throws {
        for (name, example) in try Example.all() where !Self.wrongCalls.contains(name) {
            func written<M: VarlinkMethod>(_ method: M.Type) throws -> [UInt8] {
                let call = try JSON.encode(example.call).withUnsafeBytes { try Call(parsing: $0) }
                return try Call.message(method, try call.parameters(M.Parameters.self), mode: call.mode)
            }
            let bytes = try written(try Self.method(example.call.method))
            #expect(try value(bytes) == value(example.call), "\(name)")
        }
    }

    @Test func repliesReadAndWrittenAgainAreTheSame() throws {
        for (name, example) in try Example.all() {
            for reply in example.replies + (example.upgraded ?? []) where reply.error == nil {
                func written<M: VarlinkMethod>(_ method: M.Type) throws -> [UInt8] {
                    let parameters = try JSON.encode(reply.parameters ?? [:])
                    return try Reply.message(
                        try JSON.decode(M.Reply.self, from: parameters, unknownKeys: .refuse),
                        continues: reply.continues ?? false)
                }
                let bytes = try written(try Self.method(example.call.method))
                #expect(try value(bytes) == value(reply), "\(name)")
            }
        }
    }

    @Test func errorsReadAndWrittenAgainAreTheSame() throws {
        var seen = 0
        for (name, example) in try Example.all() {
            guard let reply = example.replies.last, let error = reply.error else { continue }
            let received = try JSON.encode(reply).withUnsafeBytes { try Reply(parsing: $0) }
            let interface = String(try #require(error.split(separator: ".").last))
            let prefix = String(error.dropLast(interface.count + 1))
            do {
                _ = try received.parameters(NoParameters.self)
                Issue.record("\(name) is no error")
            } catch let error as VarlinkError {
                let again =
                    prefix == ServiceInterface.name
                    ? try ServiceError(error)?.wire(interface: prefix) : try SqzError(error)?.wire(interface: prefix)
                #expect(again == error, "\(name)")
                if let again { #expect(try value(try Reply.message(again)) == value(reply), "\(name)") }
                seen += 1
            }
        }
        #expect(seen == InterfaceDescription.all.reduce(0) { $0 + $1.interface.errors.count })
    }

    @Test func wrongCallsAreRefusedByTheirTypes() throws {
        let examples = Dictionary(uniqueKeysWithValues: try Example.all())
        let example = try #require(examples["\(ServiceInterface.name).InvalidParameter"])
        let call = try JSON.encode(example.call).withUnsafeBytes { try Call(parsing: $0) }
        let error = #expect(throws: JSONError.self) { try call.parameters(JobsInterface.Show.Parameters.self) }
        #expect(error?.kind == .unknownKey && error?.path == "colour")
    }

    @Test func everyErrorHasAMessageForPeople() throws {
        for (name, example) in try Example.all() {
            guard let reply = example.replies.last, let error = reply.error, !error.hasPrefix(ServiceInterface.name)
            else { continue }
            let known = try #require(SqzError(VarlinkError(name: error, parameters: reply.parameters ?? [:])))
            // Each says with what it was that it has trouble.
            for case .string(let text) in (reply.parameters ?? [:]).values where text.count < 64 {
                #expect("\(known)".contains(text), "\(name): \(known)")
            }
            #expect(!"\(known)".isEmpty)
        }
    }

    /// A message, or what becomes one, as a value to compare.
    private func value(_ message: [UInt8]) throws -> JSONValue {
        try JSON.decode(JSONValue.self, from: Array(message.prefix { $0 != 0 }))
    }

    private func value(_ message: some Encodable) throws -> JSONValue { try value(try JSON.encode(message)) }
}
