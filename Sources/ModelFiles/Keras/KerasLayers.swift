internal import SqueezeNet
internal import Varlink

/// Whether the layers of a file of Keras compute what one of our networks does, which the shapes of weights do not say: windows and
/// what hangs over them, where the pools stand, and in which order the two halves of a fire module are put together.
struct KerasLayers {
    private let configuration: KerasConfiguration
    private let network: Network
    /// Our convolutions by the names that theirs have there.
    private let convolutions: [String: Int]

    /// - Parameter paths: of the weights' tensors in the file, by our names of their layers.
    init(_ configuration: KerasConfiguration, of network: Network, paths: [String: String]) {
        self.configuration = configuration
        self.network = network
        var found: [String: Int] = [:]
        for (index, layer) in network.layers.enumerated() where layer.kind == .convolution {
            if let name = paths[layer.name].flatMap(configuration.layer) { found[name] = index }
        }
        convolutions = found
    }

    /// - Throws: `ModelFileError`, which names the first layer that computes something else.
    func check() throws {
        for name in configuration.names { try checkKind(name) }
        for name in configuration.names {
            if let index = convolutions[name] { try checkWindow(name, index, "kernel_size") }
        }
        // Of layers that are in a program nothing more is known.
        guard convolutions.count == network.layers.count(where: { $0.kind == .convolution }) else { return }
        try checkPools()
        for name in configuration.names where Self.joins.contains(configuration.layers[name]!.kind) {
            try checkOrder(name)
        }
    }

    private static let pools: Set = ["MaxPooling2D", "MaxPool2D"]
    private static let joins: Set = ["Concatenate", "Merge"]
    private static let strangers: Set = [
        "LeakyReLU", "ELU", "PReLU", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "DepthwiseConv2D",
        "SeparableConv2D", "Conv2DTranspose",
    ]
    private static let activations: Set = ["relu", "linear", "softmax"]

    private var ours: String { "in \(network.name) at \(network.inputSize)x\(network.inputSize)" }

    private func checkKind(_ name: String) throws {
        let layer = configuration.layers[name]!
        guard !Self.strangers.contains(layer.kind) else {
            throw ModelFileError("its \(name.shown) is a \(layer.kind), which our networks do not have")
        }
        guard layer.kind == "Activation" || convolutions[name] != nil else { return }
        let activation = layer.settings["activation"]
        guard let word = activation?.text ?? activation?["config"]?.text, !Self.activations.contains(word) else {
            return
        }
        throw ModelFileError("its \(name.shown) has the activation \(word.shown); relu would be right")
    }

    // MARK: Windows

    private struct Window: Equatable, CustomStringConvertible {
        var kernel: Int
        var stride: Int
        /// Zeros before the first pixel; and how many windows there are.
        var before: Int
        var count: Int

        var description: String { "\(kernel)x\(kernel) with stride \(stride)" }
    }

    /// Compares what a layer does to pictures of our network's size with what ours does.
    private func checkWindow(_ name: String, _ index: Int, _ size: String) throws {
        let settings = configuration.layers[name]!.settings
        let layer = network.layers[index]
        let side = index == 0 ? network.inputSize : network.layers[index - 1].output.height
        guard Self.pair(settings["dilation_rate"]) ?? 1 == 1 else {
            throw ModelFileError("its \(name.shown) is dilated, which our networks' layers are not")
        }
        let kernel = Self.pair(settings[size]) ?? layer.kernel
        // A pool's stride is its window where none is said.
        let stride = Self.pair(settings["strides"]) ?? (size == "pool_size" ? kernel : 1)
        let padding = settings["padding"]?.text ?? settings["border_mode"]?.text ?? "valid"
        guard kernel > 0, stride > 0, kernel <= 1_024, stride <= 1_024, ["same", "valid"].contains(padding) else {
            throw ModelFileError("its \(name.shown) has a window that can't be: \(kernel), \(stride), \(padding.shown)")
        }
        var theirs = Window(kernel: kernel, stride: stride, before: 0, count: 0)
        if padding == "same" {
            theirs.count = (side + stride - 1) / stride
            theirs.before = max((theirs.count - 1) * stride + kernel - side, 0) / 2
        } else {
            theirs.count = max(side - kernel, -stride) / stride + 1
        }
        let right = Window(
            kernel: layer.kernel, stride: layer.stride, before: layer.padding, count: layer.output.height)
        guard theirs != right else { return }
        guard theirs.description == right.description else {
            throw ModelFileError(
                "its \(name.shown) is \(theirs); \(ours) \(layer.name) is \(right)")
        }
        throw ModelFileError(
            """
            its \(name.shown) is padded "\(padding)", which makes \(theirs.count)x\(theirs.count) of \(side)x\(side) pixels with \
            \(theirs.before) of padding before; \(ours) \(layer.name) makes \(right.count)x\(right.count) with \(right.before)
            """)
    }

    /// A number for both sides, or the same twice; 0 where they differ.
    private static func pair(_ value: JSONValue?) -> Int? {
        guard let value else { return nil }
        if let sides = value.elements {
            return sides.count == 2 && sides[0] == sides[1] ? sides[0].number : 0
        }
        return value.number
    }

    // MARK: The graph

    /// The last of our convolutions, in the order of computation, that a use is computed of without another in between.
    private func source(of use: KerasConfiguration.Use) -> Int? {
        var visited: Set<KerasConfiguration.Use> = []
        var waiting = [use]
        var last: Int?
        while let use = waiting.popLast() {
            guard visited.insert(use).inserted else { continue }
            if let index = convolutions[use.layer] {
                last = max(last ?? index, index)
            } else if let calls = configuration.layers[use.layer]?.calls, calls.indices.contains(use.call) {
                waiting += calls[use.call]
            }
        }
        return last
    }

    private func checkPools() throws {
        var missing = network.layers.indices.filter { network.layers[$0].kind == .maxPool }
        for name in configuration.names where Self.pools.contains(configuration.layers[name]!.kind) {
            for inputs in configuration.layers[name]!.calls {
                guard let source = inputs.compactMap(source).max() else {
                    throw ModelFileError("its \(name.shown) is a pool of the picture, which our networks do not have")
                }
                let next = network.layers.indices.first { $0 > source && network.layers[$0].kind != .add }
                guard let next, let place = missing.firstIndex(of: next) else {
                    throw ModelFileError(
                        "its \(name.shown) is a pool behind \(network.layers[source].name); \(ours) there is none")
                }
                try checkWindow(name, next, "pool_size")
                missing.remove(at: place)
            }
        }
        guard let first = missing.first else { return }
        let names = convolutions.filter { $0.value < first }.max { $0.value < $1.value }?.key ?? ""
        throw ModelFileError("it has no max pool behind \(names.shown); \(ours) \(network.layers[first].name) is there")
    }

    private func checkOrder(_ name: String) throws {
        let layer = configuration.layers[name]!
        for inputs in layer.calls {
            let sources = inputs.compactMap(source).map { network.layers[$0].name }
            guard sources.count == 2, sources[0].hasSuffix(".expand1x1"), sources[1].hasSuffix(".expand3x3") else {
                let found = sources.joined(separator: ", then ")
                throw ModelFileError(
                    "its \(name.shown) joins \(found); in our networks it is expand1x1, then expand3x3, of one module")
            }
        }
        let isChannelsFirst = convolutions.keys.contains {
            configuration.layers[$0]!.settings["data_format"]?.text == "channels_first"
        }
        let axis = layer.settings["axis"]?.number ?? layer.settings["concat_axis"]?.number ?? -1
        guard (isChannelsFirst ? [1, -3] : [3, -1]).contains(axis) else {
            throw ModelFileError("its \(name.shown) joins along axis \(axis); the channels would be right")
        }
    }
}

extension String {
    /// For a message.
    fileprivate var shown: String { String(prefix(120)) }
}
