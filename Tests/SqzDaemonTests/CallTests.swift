import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Calls that are well formed: which methods there are, and what parameters they take.
@Suite(.serialized, .daemon()) struct CallTests {
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    private func reply(to text: String) throws -> Example.Reply? {
        let connection = try RawConnection(daemon)
        try connection.send(text)
        return try connection.receive()
    }

    private static func serviceError(_ name: String, _ parameters: [String: JSONValue]? = nil) -> Example.Reply {
        Example.Reply(error: "\(ServiceInterface.name).\(name)", parameters: parameters)
    }

    @Test func examplesOfAnEmptyDaemonAreWhatItAnswers() throws {
        var replayed = 0
        for (name, example) in try Example.all() where example.emptyDaemon == true {
            let connection = try RawConnection(daemon)
            try connection.write(try JSON.encode(example.call) + [0])
            for reply in example.replies { #expect(try connection.receive() == reply, "\(name)") }
            replayed += 1
        }
        #expect(replayed >= 9)
    }

    @Test func everyMethodIsAnswered() throws {
        for interface in InterfaceDescription.all.map(\.interface) where interface.name != RunnerInterface.name {
            for method in interface.methods.map({ $0.name }) {
                let reply = try #require(try reply(to: #"{"method": "\#(method)", "more": true}"#), "\(method)")
                let unknown = ["MethodNotFound", "MethodNotImplemented", "InterfaceNotFound"].map {
                    "\(ServiceInterface.name).\($0)"
                }
                #expect(!unknown.contains(reply.error ?? ""), "\(method)")
            }
        }
    }

    @Test func whatRunnersServeIsDescribedOnly() throws {
        for method in RunnerInterface.Method.allCases.map(\.rawValue) {
            #expect(
                try reply(to: #"{"method": "\#(method)"}"#)
                    == Self.serviceError("MethodNotImplemented", ["method": .string(method)]))
        }
    }

    @Test func interfacesAreServedAsTheFilesSay() throws {
        let info = try daemon.call(ServiceInterface.GetInfo.self, NoParameters())
        #expect(info.interfaces == InterfaceDescription.all.map(\.name))
        #expect(info.version == Version.current)
        for interface in InterfaceDescription.all {
            let served = try daemon.call(
                ServiceInterface.GetInterfaceDescription.self, .init(interface: interface.name))
            #expect(served.description == interface.text)
        }
    }

    @Test(arguments: [
        ("org.example.Nothing", "InterfaceNotFound", "interface", "org.example"),
        ("io.sqzd.Nothing.List", "InterfaceNotFound", "interface", "io.sqzd.Nothing"),
        ("Nothing", "InterfaceNotFound", "interface", ""),
        ("io.sqzd.Jobs.Nothing", "MethodNotFound", "method", "io.sqzd.Jobs.Nothing"),
        ("io.sqzd.Jobs.list", "MethodNotFound", "method", "io.sqzd.Jobs.list"),
    ]) func unknownNamesAreRefused(_ method: String, error: String, parameter: String, value: String) throws {
        #expect(
            try reply(to: #"{"method": "\#(method)"}"#) == Self.serviceError(error, [parameter: .string(value)]))
    }

    @Test(arguments: [
        (#"{"id": 1, "colour": "red"}"#, "colour"), ("{}", "id"), (#"{"id": null}"#, "id"), (#"{"id": "1"}"#, "id"),
        (#"{"id": 1.5}"#, "id"), (#"{"id": 1e3}"#, "id"), (#"{"id": true}"#, "id"),
    ]) func parametersThatDoNotFitAreNamed(_ parameters: String, name: String) throws {
        #expect(
            try reply(to: #"{"method": "io.sqzd.Jobs.Show", "parameters": \#(parameters)}"#)
                == Self.serviceError("InvalidParameter", ["parameter": .string(name)]))
    }

    @Test func parametersThatDoNotFitAreNamedInTheDepth() throws {
        #expect(
            try reply(
                to: #"{"method": "io.sqzd.Inference.Classify", "parameters": {"images": ["", 7]}}"#)
                == Self.serviceError("InvalidParameter", ["parameter": .string("images[1]")]))
        #expect(
            try reply(
                to: #"{"method": "io.sqzd.Jobs.List", "parameters": {"states": ["sleeping"]}}"#)
                == Self.serviceError("InvalidParameter", ["parameter": .string("states[0]")]))
        #expect(
            try reply(
                to: """
                    {"method": "io.sqzd.Datasets.Import", "parameters":
                    {"name": "x", "files": [{"name": "f", "sha256": "0", "size": 1}]}}
                    """) == Self.serviceError("InvalidParameter", ["parameter": .string("files[0].size")]))
    }

    @Test func aMethodThatStreamsNeedsMore() throws {
        #expect(
            try reply(to: #"{"method": "io.sqzd.Jobs.Watch", "parameters": {"id": 1}}"#)
                == Self.serviceError("ExpectedMore"))
    }

    @Test func aMethodWithOneReplyTakesMore() throws {
        let reply = try #require(try reply(to: #"{"method": "io.sqzd.Jobs.List", "more": true}"#))
        #expect(reply == Example.Reply(parameters: ["jobs": .array([]), "total": .integer(0)]))
    }

    @Test func infoSaysWhoAndWhere() throws {
        // The kernels are a runner's, which is asked beside what else goes on.
        try daemon.call(ManagerInterface.Runners.self, NoParameters())
        let info = try daemon.call(ManagerInterface.Info.self, NoParameters())
        #expect(pid_t(info.pid) == daemon.pid)
        #expect(info.uid == Int(geteuid()))
        #expect(info.stateDirectory == daemon.state)
        #expect(info.dataDirectories == [daemon.data])
        #expect(info.kernels != nil)
        #expect(info.jobs == JobCounts(queued: 0, running: 0, paused: 0, succeeded: 0, failed: 0, cancelled: 0))
    }
}
