import Foundation
import ModelFiles
import Safetensors
import SqueezeNet
import TestSupport
import Testing
import Varlink

/// Files of other programs, made by Fixtures/models/make.py with PyTorch and safetensors.
@Suite struct ForeignModelTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func refusal(_ name: String, classes: [String]? = nil, _ usual: UsualPreprocessing? = nil) -> String? {
        #expect(throws: ModelFileError.self) {
            try ImportedModel(path: scratch[name], classes: classes, preprocessing: usual)
        }?.description
    }

    private func bytes(of fixture: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: Oracle.fixture("models/\(fixture)"))))
    }

    /// Planes of bytes, as `picture` in make.py has them.
    private func picture(side: Int) -> [UInt8] {
        var state: UInt32 = 1
        return (0..<(3 * side * side)).map { _ in
            state = (state &* 1_103_515_245 &+ 12_345) % (1 << 31)
            return UInt8(truncatingIfNeeded: state >> 16)
        }
    }

    private func logits(of model: ModelFile, side: Int) throws -> [Float] {
        let classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing, threads: 1)
        return picture(side: side).withUnsafeBytes {
            classifier.classify([Picture(planes: $0, width: side, height: side)])
        }
    }

    @Test(arguments: [
        ("squeezenet-1.1.pth", Architecture.squeezenet11, UsualPreprocessing.torchvision, 256),
        ("checkpoint.tar", .squeezenetCIFAR, .tutorial, 32), ("cifar.safetensors", .squeezenetCIFAR, .tutorial, 32),
        ("cifar.onnx", .squeezenetCIFAR, .tutorial, 32), ("keras/keras-squeezenet.h5", .squeezenet11, .keras, 224),
        ("onnx/tf2onnx.onnx", .squeezenetCIFAR, .tutorial, 32),
        ("keras/unnamed.keras", .squeezenetCIFAR, .tutorial, 32),
        ("keras/tutorial.h5", .squeezenetCIFAR, .tutorial, 32),
        ("keras/class.weights.h5", .squeezenetCIFAR, .tutorial, 32),
    ])
    func aModelAnswersAsItDidWhereItIsFrom(
        name: String, architecture: Architecture, usual: UsualPreprocessing, side: Int
    ) throws {
        let imported = try ImportedModel(path: Oracle.fixture("models/\(name)"))
        let network = imported.model.network
        #expect(network.architecture == architecture && imported.isConverted)
        #expect(imported.model.preprocessing == (try usual.preprocessing))
        let logits = try logits(of: imported.model, side: side)
        let folder = name.split(separator: "/").dropLast().map { "\($0)/" }.joined()
        let all = try JSON.decode(
            [String: [Float]].self,
            from: try bytes(of: folder + "logits.json"),
            unknownKeys: .refuse)
        let right = try #require(all[String(name.dropFirst(folder.count))])
        try #require(logits.count == right.count)
        let largest = try #require(right.map(abs).max())
        for (ours, theirs) in zip(logits, right) { #expect(abs(ours - theirs) <= 1e-4 * largest) }
        #expect(imported.model.classes == (0..<right.count).map { "class \($0)" } && imported.model.recipe == nil)
        #expect(imported.remarks.contains { $0.contains("class 0 to class \(right.count - 1)") })
        #expect(imported.remarks.contains { $0.contains("\(usual.rawValue) was taken") })
        // And as a file of ours.
        try imported.model.write(to: scratch["ours"])
        let again = try ImportedModel(path: scratch["ours"])
        #expect(!again.isConverted && again.remarks.isEmpty && again.model.weights == imported.model.weights)
    }

    /// As onnx's model zoo has them, by Fixtures/models/onnx/make.py: every value of the n-th tensor is n/1,000.
    @Test(arguments: [
        ("zoo-1.0.onnx", Architecture.squeezenet10), ("zoo-1.1-caffe.onnx", .squeezenet11),
        ("zoo-1.1-pytorch.onnx", .squeezenet11),
    ])
    func theZoosLayoutsAreRead(name: String, architecture: Architecture) throws {
        let model = try ImportedModel(path: Oracle.fixture("models/onnx/\(name)")).model
        #expect(model.network.architecture == architecture && model.classes.count == 7)
        // The last two may be multiplied, for the padding before them.
        for (index, parameter) in model.network.parameters.dropLast(2).enumerated() {
            let values = model.weights.values[parameter.offset..<parameter.offset + parameter.count]
            #expect(values.allSatisfy { $0 == Float(index + 1) / 1_000 }, "\(parameter.name)")
        }
    }

    @Test func whatIsChosenHolds() throws {
        let path = Oracle.fixture("models/squeezenet-1.1.pth")
        let caffe = try ImportedModel(path: path, classes: ["a", "b", "c"], preprocessing: .caffe)
        #expect(caffe.model.classes == ["a", "b", "c"] && caffe.remarks.isEmpty)
        #expect(caffe.model.preprocessing.channels == .bgr && caffe.model.network.inputSize == 227)
        try caffe.model.write(to: scratch["ours"])
        let other = try ImportedModel(path: scratch["ours"], classes: ["x", "y", "z"], preprocessing: .torchvision)
        #expect(other.isConverted && other.model.classes == ["x", "y", "z"] && other.model.network.inputSize == 224)
        #expect(
            refusal("ours", classes: ["x", "y"])
                == "its classifier has 3 classes, and there are 2 names of classes")
        #expect(refusal("ours", classes: ["x", "y", "x"]) == "classes 0 and 2 have the same name: x")
    }

    /// How many classes there would be, nothing says.
    @Test(.enabled(if: Oracle.python != nil, "needs SQZ_PYTHON, with safetensors"))
    func aMissingClassifierIsNamed() throws {
        let script = """
            import sys, safetensors.numpy
            whole = safetensors.numpy.load_file(sys.argv[1])
            safetensors.numpy.save_file({n: v for n, v in whole.items() if "classifier" not in n}, sys.argv[2])
            """
        try Oracle.run(
            try #require(Oracle.python), ["-c", script, Oracle.fixture("models/cifar.safetensors"), scratch["m"]])
        #expect(
            refusal("m")
                == "it has no classifier.1.weight, which in squeezenet-cifar, the nearest of our networks, is [classes, 256, 1, 1]"
        )
    }

    @Test func aWholeModuleIsRefusedByItsName() {
        let error = #expect(throws: ModelFileError.self) {
            try ImportedModel(path: Oracle.fixture("models/module.pth"))
        }
        #expect(
            error?.description
                == "its pickle names torch.nn.modules.conv.Conv2d, which is not read: right would be what torch.save(model.state_dict(), FILE) writes"
        )
    }

    /// Tensors of a network under other names, with what a test changes of them.
    private func write(
        _ network: Network, to name: String, metadata: [String: String] = [:],
        _ change: (inout [(name: String, shape: [Int], value: Float)]) -> Void
    ) throws {
        var tensors = network.parameters.map { (name: $0.name, shape: $0.shape, value: Float(1)) }
        change(&tensors)
        let writer = try SafetensorsWriter(
            path: scratch[name],
            tensors: tensors.map { TensorDeclaration(name: $0.name, type: .float32, shape: $0.shape) },
            metadata: metadata)
        for tensor in tensors {
            let values = [Float](repeating: tensor.value, count: tensor.shape.reduce(1, *))
            try values.withUnsafeBytes { try writer.write($0, to: tensor.name) }
        }
        try writer.commit()
    }

    @Test func otherNamesAreSeenThrough() throws {
        let network = try Network(.squeezenet10, bypass: .simple, classes: 5, inputSize: 224)
        // As Caffe calls them, in the alphabet's order, as safetensors writes them.
        try write(network, to: "caffe") { tensors in
            var fire = 1
            tensors = tensors.enumerated().map { index, tensor in
                let part = tensor.name.split(separator: ".")
                if part[2] == "squeeze", part[3] == "weight" { fire += 1 }
                let kind = part.last!
                let name =
                    part[0] == "classifier"
                    ? "conv10.\(kind)" : part.count == 3 ? "conv1.\(kind)" : "fire\(fire)/\(part[2]).\(kind)"
                return (name, tensor.shape, Float(index + 1))
            }.sorted { $0.name < $1.name }
        }
        let read = try ImportedModel(path: scratch["caffe"]).model
        #expect(read.network.architecture == .squeezenet10 && read.network.classes == 5)
        for (index, parameter) in network.parameters.enumerated() {
            #expect(read.weights.values[parameter.offset] == Float(index + 1), "\(parameter.name)")
        }
        // As names say nothing at all: by order.
        try write(network, to: "numbers") { tensors in
            tensors = tensors.enumerated().map { ("t.\(1_000 + $0)", $1.shape, Float($0 + 1)) }
        }
        #expect(try ImportedModel(path: scratch["numbers"]).model.weights == read.weights)
    }

    @Test func bypassesAreFound() throws {
        for bypass in [Bypass.none, .complex] {
            let network = try Network(.squeezenetCIFAR, bypass: bypass, classes: 5, inputSize: 32)
            try write(network, to: "m") { _ in }
            #expect(try ImportedModel(path: scratch["m"]).model.network == network)
        }
    }

    @Test func whatDoesNotFitIsNamed() throws {
        let network = try Network(.squeezenet11, classes: 10, inputSize: 224)
        try write(network, to: "shape") { $0[2].shape = [17, 64, 1, 1] }
        #expect(
            refusal("shape")
                == "features.3.squeeze.weight is F32 [17, 64, 1, 1]; in squeezenet-1.1, the nearest of our networks, features.3.squeeze.weight is [16, 64, 1, 1]"
        )
        try write(network, to: "swapped") { tensors in
            (tensors[4].shape, tensors[6].shape) = (tensors[6].shape, tensors[4].shape)
        }
        #expect(
            refusal("swapped")
                == "features.3.expand1x1.weight is F32 [64, 16, 3, 3]; in squeezenet-1.1, the nearest of our networks, features.3.expand1x1.weight is [64, 16, 1, 1]"
        )
        try write(network, to: "missing") { $0.remove(at: 3) }
        #expect(
            refusal("missing")
                == "it has no features.3.squeeze.bias, which in squeezenet-1.1, the nearest of our networks, is [16]")
        try write(network, to: "more") { $0.append(("features.1.running_mean", [64], 1)) }
        #expect(
            refusal("more")
                == "features.1.running_mean is F32 [64], which squeezenet-1.1, the nearest of our networks, does not have"
        )
        try write(network, to: "nan") { $0[7].value = .nan }
        #expect(refusal("nan") == "features.3.expand3x3.bias has values that are not finite")
        try write(network, to: "zero") { $0[6].value = 0 }
        #expect(refusal("zero") == "features.3.expand3x3.weight is nothing but zeros")
        try write(network, to: "one") { $0[$0.count - 2].shape = [1, 512, 1, 1] }
        #expect(refusal("one")?.hasPrefix("classifier.1.weight is F32 [1, 512, 1, 1]; a classifier of 2 to") == true)
        try write(network, to: "none") { $0 = [("x", [0], 0)] }
        #expect(refusal("none")?.hasPrefix("it has no features.0.weight, which in") == true)
    }

    @Test func apreprocessingThatMakesAnotherNetworkIsRefused() throws {
        try write(try Network(.squeezenet10, classes: 10, inputSize: 224), to: "m") { _ in }
        #expect(
            refusal("m", .tutorial)
                == "its features.0.weight is [96, 3, 7, 7]; for tutorial's pictures of 32x32 [96, 3, 3, 3] would be right"
        )
    }

    /// Cut, and with bytes changed at many places: an error or a model, never anything else.
    @Test(arguments: [
        "squeezenet-1.1.pth", "checkpoint.tar", "module.pth", "cifar.safetensors", "cifar.onnx", "keras/unnamed.keras",
        "keras/tutorial.h5",
    ])
    func damagedFilesAreRefused(name: String) throws {
        let good = try bytes(of: name)
        for length in [0, 1, 7, 16, 40, 200, good.count / 2, good.count - 1] {
            try scratch.write("cut", Array(good[..<length]))
            #expect(refusal("cut")?.isEmpty == false)
        }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<60 {
            var bytes = good
            // Where the structure is: at the beginning, and in a zip archive at the end.
            let end = Bool.random(using: &random) ? 4_000 : bytes.count
            let start = end == bytes.count ? bytes.count - 4_000 : 0
            bytes[Int.random(in: max(0, start)..<min(end, bytes.count), using: &random)] = UInt8.random(
                in: 0...255, using: &random)
            try scratch.write("bad", bytes)
            do throws(ModelFileError) {
                let model = try ImportedModel(path: scratch["bad"]).model
                #expect(model.weights.values.count == model.network.parameterCount)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
