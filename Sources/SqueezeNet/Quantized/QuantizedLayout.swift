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

    /// What a fire module with a bypass adds, and which activation that becomes.
    struct Sum {
        /// The module's input, or what its bypass makes of it.
        let shortcut: Int
        let expanded: Int
        let output: Int
    }

    private(set) var layers: [Layer] = []
    private(set) var activations = [Network.Activation(name: "input", isSigned: false)]
    private(set) var sums: [Sum] = []
    private(set) var filters = 0

    init(_ network: Network) {
        var current = 0
        for block in network.blocks {
            switch block {
            case .stem(let stem): current = add(stem.convolution, from: 0, to: "features.0")
            case .pool: break
            case .fire(let fire):
                let name = "features.\(network.parameters[fire.squeeze.parameter].name.split(separator: ".")[1])"
                let squeezed = add(fire.squeeze, from: current, to: name + ".squeeze")
                let expanded = add(fire.expand1, from: squeezed, to: name + ".expand")
                add(fire.expand3, from: squeezed, into: expanded)
                switch fire.shortcut {
                case .none: current = expanded
                case .identity: current = add(current, to: expanded, name)
                case .convolution(let bypass):
                    let bypassed = add(bypass, from: current, to: name + ".bypass", isSigned: true)
                    current = add(bypassed, to: expanded, name)
                }
            case .head(let head): add(head.convolution, from: current, into: nil)
            }
        }
    }

    private mutating func add(_ shortcut: Int, to expanded: Int, _ module: String) -> Int {
        activations.append(.init(name: module + ".add", isSigned: activations[shortcut].isSigned))
        sums.append(Sum(shortcut: shortcut, expanded: expanded, output: activations.count - 1))
        return activations.count - 1
    }

    private mutating func add(
        _ convolution: ShapedBlock.Convolution, from input: Int, to name: String, isSigned: Bool = false
    ) -> Int {
        activations.append(.init(name: name, isSigned: isSigned))
        add(convolution, from: input, into: activations.count - 1)
        return activations.count - 1
    }

    private mutating func add(_ convolution: ShapedBlock.Convolution, from input: Int, into output: Int?) {
        layers.append(Layer(convolution: convolution, input: input, output: output, filter: filters))
        filters += convolution.filters
    }
}
