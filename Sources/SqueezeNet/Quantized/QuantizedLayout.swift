/// What of a network is made of whole numbers: its convolutions in the order of their parameters, and the activations between them.
struct QuantizedLayout {
    struct Layer {
        let convolution: ShapedBlock.Convolution
        /// Which activation it reads.
        let input: Int
        /// Which it writes; nil of the classifier, whose sums are the scores.
        let output: Int?
        /// Where its filters' scales and biases begin among all.
        let filter: Int
    }

    private(set) var layers: [Layer] = []
    /// Their names: `input`, and after that the layer that writes them. Both expand layers of a fire module write one.
    private(set) var activations = ["input"]
    private(set) var filters = 0

    /// - Throws: `EngineError.quantization` where an activation can be below zero.
    init(_ network: Network) throws(EngineError) {
        guard network.bypass != .complex else {
            throw .quantization(
                "a network with complex bypass has sums below zero, which eight bits here do not; right would be none or simple"
            )
        }
        var current = 0
        for block in network.blocks {
            switch block {
            case .stem(let stem): current = add(stem.convolution, from: 0, to: "features.0")
            case .pool: break
            case .fire(let fire):
                let name = network.parameters[fire.squeeze.parameter].name.split(separator: ".")[1]
                let squeezed = add(fire.squeeze, from: current, to: "features.\(name).squeeze")
                let expanded = add(fire.expand1, from: squeezed, to: "features.\(name).expand")
                add(fire.expand3, from: squeezed, into: expanded)
                current = expanded
                if fire.shortcut == .identity {
                    activations.append("features.\(name).add")
                    current = activations.count - 1
                }
            case .head(let head): add(head.convolution, from: current, into: nil)
            }
        }
    }

    private mutating func add(_ convolution: ShapedBlock.Convolution, from input: Int, to name: String) -> Int {
        activations.append(name)
        add(convolution, from: input, into: activations.count - 1)
        return activations.count - 1
    }

    private mutating func add(_ convolution: ShapedBlock.Convolution, from input: Int, into output: Int?) {
        layers.append(Layer(convolution: convolution, input: input, output: output, filter: filters))
        filters += convolution.filters
    }
}
