/// Finds in a graph the layers that our networks are made of, in their order: a stem, pools and fire modules, a classifier.
struct ONNXReading {
    private let graph: ONNXGraph
    /// Under our names.
    private(set) var tensors: [ForeignTensor] = []
    /// Zeros on each side of the classifier's input.
    private(set) var classifierPadding = 0
    /// Kernel and stride of the stem and of the pools, by our names of them.
    private(set) var windows: [String: (kernel: Int, stride: Int)] = [:]
    /// What has been computed so far, and its height and width.
    private var value: String
    private var size: Int

    private typealias Node = ONNXGraph.Node

    /// - Parameter usualSize: of pictures, where the file takes any.
    init(_ graph: ONNXGraph, usualSize: Int) throws {
        self.graph = graph
        value = graph.input
        size = graph.inputSize ?? usualSize
        try read()
    }

    private mutating func read() throws {
        skipTransposes()
        let stem = try convolution(try only("Conv"), padding: 0...1)
        take(stem, "features.0")
        windows["features.0"] = (stem.kernel, stem.stride)
        guard size + 2 * stem.padding >= stem.kernel, stem.stride > 0 else { throw tooSmall(stem.node) }
        size = (size + 2 * stem.padding - stem.kernel) / stem.stride + 1
        value = try rectified(stem)
        // torchvision numbers the stem 0 and its ReLU 1.
        var index = 2
        while true {
            let users = graph.users(of: value)
            if let pool = users.first, users.count == 1, pool.proto.opType == "MaxPool" {
                try takePool(pool, "features.\(index)")
            } else if try !takeFire("features.\(index)", users) {
                break
            }
            index += 1
        }
        try takeHead()
    }

    // MARK: Blocks

    private mutating func takePool(_ node: Node, _ name: String) throws {
        guard let kernel = node.integers("kernel_shape"), kernel.count == 2, kernel[0] == kernel[1],
            node.integers("strides") == [2, 2], (2...3).contains(kernel[0]),
            node.integers("dilations").map({ $0 == [1, 1] }) ?? true
        else { throw stranger(node) }
        guard size >= kernel[0] else { throw tooSmall(node) }
        let (whole, rest) = (size - kernel[0]).quotientAndRemainder(dividingBy: 2)
        // With a pixel behind, a window that hangs over is kept, as with ceil_mode.
        let pads = node.integers("pads") ?? [0, 0, 0, 0]
        let keeps =
            pads == [0, 0, 1, 1] || node.integer("ceil_mode") == 1
            || node.text("auto_pad") == "SAME_UPPER" && kernel[0] == 2
        guard pads == [0, 0, 0, 0] || pads == [0, 0, 1, 1] else { throw stranger(node) }
        let right = kernel[0] == 3
        guard keeps == right || rest == 0 else {
            throw ModelFileError(
                "\(node.description) \(right ? "drops" : "keeps") the window at the edge of \(size) pixels, which our pools do "
                    + "not")
        }
        windows[name] = (kernel[0], 2)
        size = whole + (right ? rest : 0) + 1
        value = node.output
    }

    /// False where there is none: the classifier follows.
    private mutating func takeFire(_ name: String, _ users: [Node]) throws -> Bool {
        let convolutions = users.filter { $0.proto.opType == "Conv" }
        // The squeeze layer is the one whose output two convolutions take; the other, if there is one, is a bypass.
        for node in convolutions {
            let squeeze = try convolution(node, padding: 0...1)
            guard let squeezed = rectifiedOrNil(squeeze) else { continue }
            let expands = try graph.users(of: squeezed).filter { $0.proto.opType == "Conv" }.map {
                try convolution($0, padding: 0...1)
            }
            guard expands.count == 2, let one = expands.first(where: { $0.kernel == 1 }),
                let three = expands.first(where: { $0.kernel == 3 })
            else { continue }
            for layer in [squeeze, one, three] {
                guard layer.stride == 1, layer.padding == layer.kernel / 2 else { throw stranger(layer.node) }
            }
            guard squeeze.kernel == 1 else { throw stranger(squeeze.node) }
            let halves = [try rectified(one), try rectified(three)]
            guard let concat = graph.users(of: halves[0]).first, concat.proto.opType == "Concat",
                concat.inputs == halves, [1, 3, -1, -3].contains(concat.integer("axis") ?? 0)
            else { throw stranger(graph.users(of: halves[0]).first ?? one.node) }
            take(squeeze, name + ".squeeze")
            take(one, name + ".expand1x1")
            take(three, name + ".expand3x3")
            let input = value
            value = concat.output
            try takeShortcut(name, of: input, others: users.filter { $0.output != node.output })
            return true
        }
        return false
    }

    private mutating func takeShortcut(_ name: String, of input: String, others: [Node]) throws {
        guard let other = others.first else { return }
        guard others.count == 1 else { throw stranger(others[1]) }
        var shortcut = input
        if other.proto.opType == "Conv" {
            let bypass = try convolution(other, padding: 0...0)
            guard bypass.kernel == 1, bypass.stride == 1 else { throw stranger(other) }
            take(bypass, name + ".bypass")
            shortcut = bypass.output
        }
        guard let add = graph.users(of: value).first, add.proto.opType == "Add", Set(add.inputs) == [value, shortcut]
        else { throw stranger(other) }
        value = add.output
    }

    private mutating func takeHead() throws {
        skipTransposes()
        let head = try convolution(try only("Conv"), padding: 0...1)
        guard head.kernel == 1, head.stride == 1 else { throw stranger(head.node) }
        value = try rectified(head)
        classifierPadding = head.padding
        take(head, "classifier.1")
        try takeAverage(padding: head.padding)
        // Shapes without pixels, and probabilities instead of logits.
        let passing: Set = ["Flatten", "Reshape", "Squeeze", "Softmax", "LogSoftmax", "Transpose"]
        var missing = graph.outputs.subtracting([value])
        // A graph that goes round in circles has more steps than nodes.
        for _ in graph.nodes where !missing.isEmpty {
            let next = graph.users(of: value)
            // What computes a shape for Reshape.
            guard
                let node = next.first(where: { [value] in passing.contains($0.proto.opType) && $0.inputs.first == value
                })
            else {
                throw next.first?.stranger ?? ModelFileError("its output does not come from its average pool")
            }
            value = node.output
            missing.remove(value)
        }
        guard missing.isEmpty else {
            throw ModelFileError("its graph goes round in circles after its classifier")
        }
    }

    private mutating func takeAverage(padding: Int) throws {
        skipTransposes()
        let users = graph.users(of: value)
        guard let node = users.first else { throw ModelFileError("nothing follows its classifier") }
        switch node.proto.opType {
        case "GlobalAveragePool": break
        case "ReduceMean":
            let axes = node.integers("axes") ?? graph.constant(node, 1)?.integers ?? []
            guard [[2, 3], [-2, -1], [-1, -2], [3, 2], [1, 2]].contains(axes) else { throw stranger(node) }
        case "AveragePool":
            let side = size + 2 * padding
            guard node.integers("kernel_shape") == [side, side],
                node.integers("pads").map({ $0.allSatisfy { $0 == 0 } }) ?? true
            else { throw stranger(node) }
        default: throw stranger(node)
        }
        value = node.output
    }

    // MARK: Steps

    private func convolution(_ node: Node, padding allowed: ClosedRange<Int>) throws -> ONNXConvolution {
        try ONNXConvolution(node, in: graph, padding: allowed)
    }

    private mutating func take(_ layer: ONNXConvolution, _ name: String) {
        tensors += layer.tensors(name)
    }

    /// What the one node that takes the value is.
    private func only(_ type: String) throws -> Node {
        let users = graph.users(of: value)
        guard let node = users.first else { throw ModelFileError("nothing takes \(value.prefix(120)) in its graph") }
        guard users.count == 1, node.proto.opType == type else {
            throw stranger(users.first { $0.proto.opType != type } ?? users[1])
        }
        return node
    }

    private func rectified(_ layer: ONNXConvolution) throws -> String {
        guard let output = rectifiedOrNil(layer) else {
            throw stranger(graph.users(of: layer.output).first ?? layer.node)
        }
        return output
    }

    private func rectifiedOrNil(_ layer: ONNXConvolution) -> String? {
        let users = graph.users(of: layer.output)
        return users.count == 1 && users[0].proto.opType == "Relu" ? users[0].output : nil
    }

    /// From channels last to first and back; weights are channels first anyway.
    private mutating func skipTransposes() {
        while let node = graph.users(of: value).first, graph.users(of: value).count == 1,
            node.proto.opType == "Transpose",
            [[0, 3, 1, 2], [0, 2, 3, 1]].contains(node.integers("perm") ?? [])
        { value = node.output }
    }

    private func stranger(_ node: Node) -> ModelFileError { node.stranger }

    private func tooSmall(_ node: Node) -> ModelFileError {
        ModelFileError("\(node.description) has no pixels left of an input of \(graph.inputSize ?? size)")
    }
}
