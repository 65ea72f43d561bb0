/// Walks a topology once and notes layers, parameters and shaped blocks.
struct NetworkBuilder {
    let bypass: Bypass
    let classes: Int
    let classifierPadding: Int
    private(set) var layers: [Network.Layer] = []
    private(set) var parameters: [Network.Parameter] = []
    private(set) var blocks: [ShapedBlock] = []
    private var channels = 3
    private var size: Int
    private var parameterOffset = 0

    init(bypass: Bypass, classes: Int, inputSize: Int, classifierPadding: Int) {
        self.bypass = bypass
        self.classes = classes
        self.classifierPadding = classifierPadding
        size = inputSize
    }

    /// False if the input is too small for a window of the stem or of a pool.
    mutating func add(_ topology: Topology) -> Bool {
        let stem = topology.stem
        let padded = size + 2 * stem.padding
        guard size >= 1, padded >= stem.kernel else { return false }
        size = (padded - stem.kernel) / stem.stride + 1
        let convolution = addConvolution(
            "features.0", filters: stem.filters, kernel: stem.kernel, stride: stem.stride, padding: stem.padding)
        blocks.append(
            .stem(.init(convolution: convolution, stride: stem.stride, padding: stem.padding, size: size)))

        // torchvision numbers the stem 0 and its ReLU 1.
        for (index, block) in zip(2..., topology.blocks) {
            switch block {
            case .pool:
                guard addPool("features.\(index)", kernel: topology.poolKernel) else { return false }
            case .fire(let squeeze, let expand):
                addFire("features.\(index)", squeeze: squeeze, expand: expand)
            }
        }
        addHead()
        return true
    }

    /// - Parameter border: pixels on each side of the output that only biases make; no multiplications are counted there.
    private mutating func addConvolution(
        _ name: String, inputs: Int? = nil, filters: Int, kernel: Int = 1, stride: Int = 1, padding: Int = 0,
        border: Int = 0
    ) -> ShapedBlock.Convolution {
        let inputs = inputs ?? channels
        let convolution = ShapedBlock.Convolution(
            inputs: inputs, filters: filters, kernel: kernel, parameter: parameters.count)
        let weights = kernel * kernel * inputs * filters
        addParameter("\(name).weight", shape: [filters, inputs, kernel, kernel])
        addParameter("\(name).bias", shape: [filters])
        channels = filters
        addLayer(
            name, .convolution, kernel: kernel, stride: stride, padding: padding, parameterCount: weights + filters,
            multiplyAdds: weights * size * size, border: border)
        return convolution
    }

    private mutating func addParameter(_ name: String, shape: [Int]) {
        let parameter = Network.Parameter(name: name, shape: shape, offset: parameterOffset)
        parameters.append(parameter)
        parameterOffset += parameter.count
    }

    private mutating func addLayer(
        _ name: String, _ kind: Network.Layer.Kind, kernel: Int = 1, stride: Int = 1, padding: Int = 0,
        parameterCount: Int = 0, multiplyAdds: Int = 0, border: Int = 0
    ) {
        layers.append(
            .init(
                name: name, kind: kind, kernel: kernel, stride: stride, padding: padding,
                output: .init(channels: channels, height: size + 2 * border, width: size + 2 * border),
                parameterCount: parameterCount,
                multiplyAdds: multiplyAdds))
    }

    private mutating func addPool(_ name: String, kernel: Int) -> Bool {
        guard size >= kernel else { return false }
        let inputSize = size
        let isCeiling = kernel == 3
        size = (inputSize - kernel + (isCeiling ? 1 : 0)) / 2 + 1
        blocks.append(.pool(.init(kernel: kernel, channels: channels, inputSize: inputSize, size: size)))
        addLayer(name, .maxPool, kernel: kernel, stride: 2)
        return true
    }

    private mutating func addFire(_ name: String, squeeze: Int, expand: Int) {
        let inputs = channels
        let squeezed = addConvolution("\(name).squeeze", filters: squeeze)
        let expand1 = addConvolution("\(name).expand1x1", inputs: squeeze, filters: expand)
        let expand3 = addConvolution("\(name).expand3x3", inputs: squeeze, filters: expand, kernel: 3, padding: 1)
        let shortcut: ShapedBlock.Shortcut
        switch bypass {
        case .none: shortcut = .none
        case .simple: shortcut = inputs == 2 * expand ? .identity : .none
        case .complex:
            shortcut =
                inputs == 2 * expand
                ? .identity : .convolution(addConvolution("\(name).bypass", inputs: inputs, filters: 2 * expand))
        }
        channels = 2 * expand
        if shortcut != .none {
            addLayer("\(name).add", .add)
        }
        blocks.append(
            .fire(.init(squeeze: squeezed, expand1: expand1, expand3: expand3, shortcut: shortcut, size: size)))
    }

    private mutating func addHead() {
        addLayer("classifier.0", .dropout)
        let convolution = addConvolution(
            "classifier.1", filters: classes, padding: classifierPadding, border: classifierPadding)
        blocks.append(.head(.init(convolution: convolution, size: size, padding: classifierPadding)))
        size = 1
        addLayer("classifier.3", .averagePool)
    }
}
