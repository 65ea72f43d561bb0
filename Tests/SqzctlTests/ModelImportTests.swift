import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Models of other programs, through the daemon.
@Suite(.serialized, .daemon { try TestDaemon() }) struct ModelImportTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    /// Nothing of an import is left where the daemon keeps files for a while.
    private func expectNoLeftovers() throws {
        for folder in ["imports", "uploads"] {
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(daemon.state)/\(folder)") == [])
        }
    }

    @Test(arguments: [
        ("squeezenet-1.1.pth", "squeezenet-1.1", "torchvision", 3),
        ("checkpoint.tar", "squeezenet-cifar", "tutorial", 4),
        ("cifar.safetensors", "squeezenet-cifar", "tutorial", 2), ("cifar.onnx", "squeezenet-cifar", "tutorial", 3),
    ])
    func aModelOfAnotherProgramComesInAndClassifies(
        file: String, architecture: String, preprocessing: String, classes: Int
    ) throws {
        let path = Oracle.fixture("models/\(file)")
        let told = try Sqzctl.run(daemon, "model", "import", path, "--name", "foreign").lines
        #expect(told.first?.hasPrefix("model foreign@") == true && told.count >= 3)
        #expect(told.contains { $0.contains("\(preprocessing) was taken") })
        #expect(told.contains { $0.contains("class 0 to class \(classes - 1)") })
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: "foreign")).model
        #expect(model.architecture == architecture && model.classes.count == classes)
        #expect(!model.preprocessing.contains("training"))
        #expect(model.preprocessing.hasSuffix("; taken for granted, as the imported file did not say"))
        try expectNoLeftovers()

        let names = try scratch.write(
            "names", Array((1...classes).map { "kind \($0)" }.joined(separator: "\n").utf8) + [10])
        let chosen = try Sqzctl.run(
            daemon, "model", "import", path, "--name", "named", "--classes", names, "--preprocessing", "tutorial")
        #expect(chosen.lines.count == 1, "nothing was taken for granted: \(chosen)")
        let picture = try scratch.write("picture.bin", Colours.records(1, seed: 3)[0])
        try Sqzctl.run(daemon, "classify", picture, "--model", "named").expect(0)
        let said = try daemon.call(ModelsInterface.Show.self, .init(model: "named")).model
        #expect(said.classes.first == "kind 1" && !said.preprocessing.contains("taken for granted"))
        // What its user says of one that was taken as it is, is no longer taken for granted.
        let whole = scratch["whole.safetensors"]
        try Sqzctl.run(daemon, "model", "export", "foreign", whole).expect(0)
        for (words, isAssumed) in [([], true), (["--preprocessing", "tutorial"], false)] {
            try Sqzctl.run(socket: daemon.socket, ["model", "import", whole, "--name", "again"] + words).expect(0)
            let again = try daemon.call(ModelsInterface.Show.self, .init(model: "again")).model
            #expect(again.preprocessing.contains("taken for granted") == isAssumed)
        }
        let history = try #require(daemon.call(ModelsInterface.Show.self, .init(model: "foreign")).history)
        #expect(history.count == 1 && history[0].format != nil && history[0].origin != nil && history[0].dataset == nil)
        #expect(history[0].remarks?.count == told.count - 1 && history[0].version == Version.current)
        // What comes out is ours, and comes back as it is.
        let copy = scratch["copy.safetensors"]
        try Sqzctl.run(daemon, "model", "export", "named", copy).expect(0)
        #expect(try Sqzctl.run(daemon, "model", "import", copy, "--name", "copy").lines.count == 1)
        try expectNoLeftovers()
    }

    @Test func whatDoesNotFitLeavesNothing() throws {
        let count = try daemon.call(ModelsInterface.List.self, NoParameters()).models.count
        let names = try scratch.write("two", Array("a\nb\n".utf8))
        let path = Oracle.fixture("models/cifar.onnx")
        try Sqzctl.run(daemon, "model", "import", path, "--classes", names)
            .expect(65, "\(path): its classifier has 3 classes, and there are 2 names of classes")
        try Sqzctl.run(daemon, "model", "import", path, "--preprocessing", "none")
            .expect(64, "preprocessing: must be one of torchvision, caffe, keras, tutorial")
        let module = Oracle.fixture("models/module.pth")
        try Sqzctl.run(daemon, "model", "import", module).expect(
            65, "\(module): its pickle names torch.nn.modules.conv.Conv2d")
        #expect(try daemon.call(ModelsInterface.List.self, NoParameters()).models.count == count)
        try Sqzctl.run(daemon, "model", "import", path, "--name", "no name").expect(64, "name: a name is letters")
        try expectNoLeftovers()
    }
}
