import Foundation
import ModelFiles
import SqueezeNet
import TestSupport
import Testing

/// HDF5 files that h5py makes and Keras would not, by Fixtures/models/keras/make.py: the tutorial's network of 3 classes, of whose
/// n-th tensor every value is n.
@Suite struct KerasTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func imported(_ name: String) throws -> ModelFile {
        try ImportedModel(path: Oracle.fixture("models/keras/special/\(name)")).model
    }

    @Test(arguments: ["gzip.h5", "half.h5", "chunks.h5", "loops.h5", "newest.h5"])
    func howItIsStoredDoesNotMatter(name: String) throws {
        let model = try imported(name)
        #expect(model.network.architecture == .squeezenetCIFAR && model.classes.count == 3)
        let layers =
            ["features.0"]
            + [3, 4, 6, 7].flatMap { fire in
                ["squeeze", "expand1x1", "expand3x3"].map { "features.\(fire).\($0)" }
            } + ["classifier.1"]
        for (index, layer) in layers.enumerated() {
            for (offset, part) in ["weight", "bias"].enumerated() {
                let parameter = try #require(model.network.parameters.first { $0.name == "\(layer).\(part)" })
                let values = model.weights.values[parameter.offset..<parameter.offset + parameter.count]
                #expect(values.allSatisfy { $0 == Float(2 * index + offset + 1) }, "\(parameter.name)")
            }
        }
    }

    @Test(arguments: [
        ("lzf.h5", "conv1/kernel: it is packed by HDF5's filter 32000; gzip alone is unpacked"),
        ("nan.h5", "fire2_squeeze1x1/bias has values that are not finite"),
        ("zero.h5", "fire2_squeeze1x1/kernel is nothing but zeros"),
        ("text.h5", "fire2_squeeze1x1/bias is texts; floats would be right"),
        ("compound.h5", "fire2_squeeze1x1/bias is a compound type; floats would be right"),
        ("integers.h5", "fire2_squeeze1x1/kernel is integers; floats would be right"),
        ("link.h5", "fire2_squeeze1x1/bias is a link to another file"),
        ("external.h5", "fire2_squeeze1x1/bias: it has its numbers in another file"),
        ("view.h5", "fire2_squeeze1x1/bias: it is a view of other datasets"),
        ("bomb.h5", "fire2_squeeze1x1/kernel: a chunk of it does not unpack to what a chunk has"),
        ("deep.h5", "its groups are more than 32 deep"),
        (
            "huge.h5",
            "final_conv/bias is F32 [5368709120]; in squeezenet-cifar, the nearest of our networks, classifier.1.bias is [3]"
        ),
        (
            "larger.h5",
            "fire2_squeeze1x1/kernel is F32 [1048576, 1048576, 1, 1]; in squeezenet-cifar, the nearest of our networks, "
                + "features.4.squeeze.weight is [32, 128, 1, 1]"
        ),
        (
            "no-bias.h5",
            "it has no classifier.1.bias, which in squeezenet-cifar, the nearest of our networks, is [3]"
        ), ("empty.h5", "it has no tensors"),
    ])
    func whatIsNoWeightIsNamed(name: String, reason: String) {
        let error = #expect(throws: ModelFileError.self) { try imported(name) }
        #expect(error?.description == reason)
    }

    @Test func aNetworkOfAnotherSizeIsTold() throws {
        let scratch = try ScratchDirectory()
        let script = """
            import sys, zipfile
            with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], "w") as new:
                for name in old.namelist():
                    new.writestr(name, old.read(name).replace(b"[null, 32, 32, 3]", b"[null, 40, 40, 3]"))
            """
        let told = "the file's network takes pictures of 40x40, and this one of 32x32"
        let same = Oracle.fixture("models/keras/unnamed.keras")
        _ = try Oracle.run("python3", ["-c", script, same, scratch["other"]])
        #expect(try ImportedModel(path: scratch["other"]).remarks.contains { $0.hasPrefix(told) })
        #expect(try !ImportedModel(path: same).remarks.contains { $0.contains("takes pictures of") })
    }

    /// A copy of a `.keras` file, of whose layers some Python statements have changed what is said.
    private func edited(_ name: String, _ statements: String) throws -> String {
        let script = """
            import json, sys, zipfile
            with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], "w") as new:
                for name in old.namelist():
                    data = old.read(name)
                    if name == "config.json":
                        whole = json.loads(data)
                        layers = {layer["config"]["name"]: layer for layer in whole["config"]["layers"]}
                        config = {name: layer["config"] for name, layer in layers.items()}
                        exec(sys.argv[3])
                        data = json.dumps(whole)
                    new.writestr(name, data)
            """
        try Oracle.run(
            "python3", ["-c", script, Oracle.fixture("models/keras/\(name)"), scratch["edited"], statements])
        return scratch["edited"]
    }

    @Test func whatKerasSaysOfLayersFits() throws {
        for name in ["unnamed.keras", "special/layers.keras"] {
            let imported = try ImportedModel(path: edited(name, "pass"))
            #expect(imported.model.network.architecture == (name == "unnamed.keras" ? .squeezenetCIFAR : .squeezenet11))
        }
        // Where the numbers come out the same, the words do not matter.
        #expect(throws: Never.self) {
            try ImportedModel(path: edited("unnamed.keras", "config['max_pooling2d']['padding'] = 'same'"))
        }
        // What no layer says is in a program.
        #expect(throws: Never.self) {
            try ImportedModel(
                path: edited("special/layers.keras", "whole['config']['layers'] = [layers['pool1'], layers['conv1']]"))
        }
    }

    @Test(arguments: [
        (
            "config['pool1']['padding'] = 'same'",
            "its pool1 is padded \"same\", which makes 56x56 of 111x111 pixels with 1 of padding before; in "
                + "squeezenet-1.1 at 224x224 features.2 makes 55x55 with 0"
        ),
        (
            "config['pool3']['strides'] = [1, 1]",
            "its pool3 is 3x3 with stride 1; in squeezenet-1.1 at 224x224 features.5 is 3x3 with stride 2"
        ),
        (
            "config['pool3'].update(pool_size=[2, 2])",
            "its pool3 is 2x2 with stride 2; in squeezenet-1.1 at 224x224 features.5 is 3x3 with stride 2"
        ),
        (
            "config['conv1']['strides'] = [1, 1]",
            "its conv1 is 3x3 with stride 1; in squeezenet-1.1 at 224x224 features.0 is 3x3 with stride 2"
        ),
        (
            "config['conv1']['padding'] = 'same'",
            "its conv1 is padded \"same\", which makes 112x112 of 224x224 pixels with 0 of padding before; in "
                + "squeezenet-1.1 at 224x224 features.0 makes 111x111 with 0"
        ),
        (
            "config['fire2_expand3x3']['padding'] = 'valid'",
            "its fire2_expand3x3 is padded \"valid\", which makes 53x53 of 55x55 pixels with 0 of padding before; in "
                + "squeezenet-1.1 at 224x224 features.3.expand3x3 makes 55x55 with 1"
        ),
        (
            "config['fire2_expand3x3']['dilation_rate'] = [2, 2]",
            "its fire2_expand3x3 is dilated, which our networks' layers are not"
        ),
        (
            "config['fire9_squeeze1x1']['activation'] = 'elu'",
            "its fire9_squeeze1x1 has the activation elu; relu would be right"
        ),
        ("layers['drop9']['class_name'] = 'LeakyReLU'", "its drop9 is a LeakyReLU, which our networks do not have"),
        (
            "layers['fire5_concat']['inbound_nodes'][0]['args'][0].reverse()",
            "its fire5_concat joins features.7.expand3x3, then features.7.expand1x1; in our networks it is expand1x1, then "
                + "expand3x3, of one module"
        ),
        ("config['fire5_concat']['axis'] = 1", "its fire5_concat joins along axis 1; the channels would be right"),
        (
            "layers['pool5']['class_name'] = 'AveragePooling2D'",
            "it has no max pool behind fire5_expand3x3; in squeezenet-1.1 at 224x224 features.8 is there"
        ),
        (
            // As 1.0 has them.
            "a = layers['fire4_squeeze1x1']['inbound_nodes'], layers['fire5_squeeze1x1']['inbound_nodes']\n"
                + "layers['pool3']['inbound_nodes'] = a[1]; layers['fire4_squeeze1x1']['inbound_nodes'] = "
                + "json.loads(json.dumps(a[1]).replace('fire4', 'fire3'))",
            "its pool3 is a pool behind features.6.expand3x3; in squeezenet-1.1 at 224x224 there is none"
        ),
    ]) func whatComputesSomethingElseIsRefused(statements: String, reason: String) throws {
        let file = try edited("special/layers.keras", statements)
        let error = #expect(throws: ModelFileError.self) { try ImportedModel(path: file) }
        #expect(error?.description == reason)
    }

    /// Layers that come before themselves, and numbers that can't be, end too.
    @Test(arguments: [
        "for layer in layers.values(): layer['inbound_nodes'] = layers['pool1']['inbound_nodes']",
        "layers['pool1']['inbound_nodes'][0]['args'][0]['config']['keras_history'][0] = 'pool1'",
        "config['pool1']['strides'] = [0, 0]", "config['pool1']['strides'] = -2**63",
        "config['pool1']['pool_size'] = [2**62, 2**62]",
        "config['conv1']['kernel_size'] = 'x'; config['conv1']['strides'] = [1]",
    ]) func oddLayersAreRefused(statements: String) throws {
        let file = try edited("special/layers.keras", statements)
        #expect(throws: ModelFileError.self) { try ImportedModel(path: file) }
    }

    @Test func anH5SaysItsSizeAndItsLayersToo() throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: Oracle.fixture("models/keras/tutorial.h5")))
        func change(_ old: String, _ new: String) throws {
            var bytes = whole
            let range = try #require(bytes.firstRange(of: Data(old.utf8)))
            bytes.replaceSubrange(range, with: Data(new.utf8))
            try scratch.write("m.h5", Array(bytes))
        }
        try change("[null, 32, 32, 3]", "[null, 40, 40, 3]")
        let told = "the file's network takes pictures of 40x40, and this one of 32x32"
        #expect(try ImportedModel(path: scratch["m.h5"]).remarks.contains { $0.hasPrefix(told) })
        try change(#""strides": [2, 2]"#, #""strides": [3, 3]"#)
        let error = #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m.h5"]) }
        #expect(
            error?.description
                == "its max_pooling2d is 2x2 with stride 3; in squeezenet-cifar at 32x32 features.2 is 2x2 with stride 2"
        )
        try change(#"{"class_name": "Functional""#, #"["class_name": "Functional""#)
        let broken = #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["m.h5"]) }
        #expect(broken?.description.hasPrefix("its model_config") == true, "\(broken?.description ?? "")")
    }

    @Test func whatIsNoHDF5IsSaid() throws {
        let error = #expect(throws: ModelFileError.self) { try imported("text.keras") }
        #expect(error?.description.hasPrefix("it is not a whole HDF5 file") == true)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Oracle.fixture("models/keras/special/gzip.h5"))))
        try scratch.write("cut", Array(whole.dropLast(100)))
        let cut = #expect(throws: ModelFileError.self) { try ImportedModel(path: scratch["cut"]) }
        #expect(cut?.description.hasPrefix("it is not a whole HDF5 file (HDF5: truncated file") == true)
    }

    /// The library is for one at a time.
    @Test func manyThreadsMayRead() async throws {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try imported("gzip.h5").classes.count } }
            for try await classes in group { #expect(classes == 3) }
        }
    }
}
