/// A convolution of an ONNX graph, with what comes after it and is folded into it: a bias of its own, a normalization.
struct ONNXConvolution {
    let node: ONNXGraph.Node
    /// Rows and columns; of the padding, on each side.
    let kernel: Int
    let stride: Int
    let padding: Int
    /// The value after all that is folded.
    private(set) var output: String
    private let weight: ONNXConstant
    private let bias: ONNXConstant?
    private var folds: [ONNXGraph.Node] = []
    private let graph: ONNXGraph

    /// - Throws: `ModelFileError`, if no convolution of ours is like it.
    init(_ node: ONNXGraph.Node, in graph: ONNXGraph, padding allowed: ClosedRange<Int>) throws {
        guard let weight = graph.constant(node, 1), node.inputs.count == 1 else { throw node.stranger }
        let kernel = node.integers("kernel_shape") ?? Array(weight.shape.suffix(2))
        let strides = node.integers("strides") ?? [1, 1]
        guard weight.shape.count == 4, kernel == Array(weight.shape.suffix(2)), kernel[0] == kernel[1],
            strides.count == 2, strides[0] == strides[1], (1...2).contains(strides[0]),
            node.integers("dilations").map({ $0 == [1, 1] }) ?? true, (node.integer("group") ?? 1) == 1
        else { throw node.stranger }
        let pads: [Int]
        switch node.text("auto_pad") {
        case "SAME_UPPER", "SAME_LOWER":
            guard strides[0] == 1, kernel[0] % 2 == 1 else { throw node.stranger }
            pads = [kernel[0] / 2]
        case "VALID": pads = [0]
        default: pads = node.integers("pads") ?? [0]
        }
        guard let first = pads.first, pads.allSatisfy({ $0 == first }), allowed.contains(first) else {
            throw node.stranger
        }
        (self.node, self.kernel, stride, padding) = (node, kernel[0], strides[0], first)
        (self.weight, bias, output, self.graph) = (weight, graph.constant(node, 2), node.output, graph)
        while let next = graph.users(of: output).first, graph.users(of: output).count == 1, next.inputs.count == 1,
            ["Add", "BatchNormalization"].contains(next.proto.opType)
        {
            folds.append(next)
            output = next.output
        }
    }

    /// Weight and bias.
    func tensors(_ name: String) -> [ForeignTensor] {
        let filters = weight.shape[0]
        let label = weight.name.isEmpty ? name : weight.name
        return [
            ForeignTensor(name: name + ".weight", label: label, type: "", shape: weight.shape) {
                let (scale, _) = try affine()
                let values = try weight.values()
                let each = values.count / filters
                return values.enumerated().map { $1 * scale[$0 / each] }
            },
            ForeignTensor(
                name: name + ".bias", label: bias?.name ?? "\(label)'s bias", type: "", shape: [filters]
            ) { try affine().shift },
        ]
    }

    /// What each filter's sums are multiplied by, and what is added.
    private func affine() throws -> (scale: [Float], shift: [Float]) {
        let filters = weight.shape[0]
        func vector(_ constant: ONNXConstant?, _ node: ONNXGraph.Node) throws -> [Float] {
            guard let constant, constant.count == filters else { throw node.stranger }
            return try constant.values()
        }
        var scale = [Float](repeating: 1, count: filters)
        var shift = bias == nil ? [Float](repeating: 0, count: filters) : try vector(bias, node)
        for node in folds {
            func input(_ index: Int) throws -> [Float] { try vector(graph.constant(node, index), node) }
            if node.proto.opType == "Add" {
                let added = try input(graph.constant(node, 0) == nil ? 1 : 0)
                for index in 0..<filters { shift[index] += added[index] }
            } else {
                let (gamma, beta, mean, variance) = (try input(1), try input(2), try input(3), try input(4))
                let epsilon = node.number("epsilon") ?? 1e-5
                for index in 0..<filters {
                    let factor = gamma[index] / (variance[index] + epsilon).squareRoot()
                    scale[index] *= factor
                    shift[index] = (shift[index] - mean[index]) * factor + beta[index]
                }
            }
        }
        return (scale, shift)
    }
}
