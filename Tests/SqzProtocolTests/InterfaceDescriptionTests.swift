import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

@Suite struct InterfaceDescriptionTests {
    @Test func whatIsServedIsWhatTheFilesSay() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Example.folder).filter {
            $0.hasSuffix(".varlink")
        }
        let served = InterfaceDescription.all.filter { $0.name.hasPrefix("io.sqzd.") }
        #expect(files.sorted() == served.map { $0.name + ".varlink" }.sorted())
        for interface in served {
            let text = try String(contentsOfFile: "\(Example.folder)/\(interface.name).varlink", encoding: .utf8)
            #expect(interface.text == text)
            #expect(text.contains("\ninterface \(interface.name)\n"))
        }
    }

    @Test func everyMethodIsFoundByItsName() throws {
        let methods = InterfaceDescription.all.flatMap { description in
            description.interface.methods.map { (name: $0.name, interface: description.name) }
        }
        #expect(Set(methods.map(\.name)).count == methods.count && methods.count > 20)
        for (name, interface) in methods {
            let found = try #require(SqzMethod(name), "\(name)")
            #expect(found.interface.name == interface)
        }
        #expect(SqzMethod("io.sqzd.Jobs.submit") == nil && SqzMethod("Submit") == nil)
    }
}
