/// A network as a value: its layers with their shapes and costs, and its parameters as PyTorch names and orders them.
public struct Network: Sendable, Equatable {
    public let architecture: Architecture
    /// Times as many filters as the architecture has, of every layer but the classifier.
    public let width: Int
    public let bypass: Bypass
    /// How many classes the logits tell apart.
    public let classes: Int
    /// Height and width of the input, in pixels of three channels.
    public let inputSize: Int
    /// Zeros on each side of the classifier's input, over which its scores are averaged too: Caffe's SqueezeNet has one.
    public let classifierPadding: Int
    /// Every layer, in the order of computation.
    public let layers: [Layer]
    /// Every parameter tensor, in the order of PyTorch's `state_dict` and of `Weights`.
    public let parameters: [Parameter]

    /// One layer, as `model show` prints it.
    public struct Layer: Sendable, Equatable {
        public enum Kind: String, Codable, Sendable {
            case convolution, maxPool, add, dropout, averagePool
        }

        public struct Shape: Sendable, Equatable {
            public var channels: Int
            public var height: Int
            public var width: Int

            public init(channels: Int, height: Int, width: Int) {
                self.channels = channels
                self.height = height
                self.width = width
            }
        }

        /// PyTorch's module name, such as `features.3.squeeze`.
        public let name: String
        public let kind: Kind
        /// Height and width of the window of a convolution or pool; 1 elsewhere.
        public let kernel: Int
        public let stride: Int
        /// Zeros on each side of a convolution's input.
        public let padding: Int
        public let output: Shape
        /// Kernel height × width × channels × filters + biases.
        public let parameterCount: Int
        /// Multiplications of one picture that are added up; biases and pools do not count.
        public let multiplyAdds: Int
    }

    /// One tensor of parameters.
    public struct Parameter: Sendable, Equatable {
        /// Such as `features.3.squeeze.weight`, as torchvision names it.
        public let name: String
        /// Weights are [filters, channels, height, width], biases [filters].
        public let shape: [Int]
        /// Where it begins in `Weights.values`.
        public let offset: Int

        public var count: Int { shape.reduce(1, *) }

        /// Where it is in `Weights.values`.
        public var range: Range<Int> { offset..<offset + count }
    }

    /// Each convolution's parameters, in their order.
    public var convolutions: [(weight: Parameter, bias: Parameter)] {
        stride(from: 0, to: parameters.count, by: 2).map { (parameters[$0], parameters[$0 + 1]) }
    }

    /// The class counts that a network may have.
    public static let allowedClasses = 2...65_536
    /// The largest input that is accepted: its activations stay below a gigabyte.
    public static let largestInput = 1_024

    /// Four times the filters are sixteen times the work.
    public static let allowedWidths = 1...4

    /// More would be most of the average.
    public static let allowedClassifierPadding = 0...8

    /// - Throws: `EngineError` if the pools leave nothing of so small an input (with the smallest size that works), if it is
    ///   larger than `largestInput`, or if the class count, the width or the padding is not among the allowed.
    public init(
        _ architecture: Architecture, width: Int = 1, bypass: Bypass = .none, classes: Int, inputSize: Int,
        classifierPadding: Int = 0
    ) throws(EngineError) {
        guard Self.allowedWidths.contains(width) else { throw .width(width, allowed: Self.allowedWidths) }
        guard Self.allowedClasses.contains(classes) else {
            throw .classCount(classes, allowed: Self.allowedClasses)
        }
        guard inputSize <= Self.largestInput else {
            throw .inputTooLarge(size: inputSize, largest: Self.largestInput)
        }
        guard Self.allowedClassifierPadding.contains(classifierPadding) else {
            throw .classifierPadding(classifierPadding, allowed: Self.allowedClassifierPadding)
        }
        var builder = NetworkBuilder(
            bypass: bypass, classes: classes, inputSize: inputSize, classifierPadding: classifierPadding)
        guard builder.add(Topology(architecture, width: width, inputSize: inputSize)) else {
            throw .inputTooSmall(architecture, size: inputSize, smallest: Self.smallestInput(of: architecture))
        }
        self.architecture = architecture
        self.width = width
        self.bypass = bypass
        self.classes = classes
        self.inputSize = inputSize
        self.classifierPadding = classifierPadding
        self.layers = builder.layers
        self.parameters = builder.parameters
        self.blocks = builder.blocks
    }

    /// The smallest input of which the pools leave something.
    public static func smallestInput(of architecture: Architecture) -> Int {
        let smallest = (1...largestInput).first { size in
            var attempt = NetworkBuilder(
                bypass: .none, classes: allowedClasses.lowerBound, inputSize: size, classifierPadding: 0)
            return attempt.add(Topology(architecture, width: 1, inputSize: size))
        }
        return smallest ?? largestInput
    }

    /// How many modules come before the classifier: the first convolution and the fire modules.
    public var modules: Int { blocks.count { $0.isModule } }

    /// How many blocks the first modules are, with the pools right after them.
    func blocks(ofModules modules: Int) -> Int {
        var left = modules
        let end = blocks.firstIndex { block in
            if block.isModule { left -= 1 }
            return left < 0
        }
        return min(end ?? blocks.count, blocks.count - 1)
    }

    /// Values of a picture that come out of the first blocks, at least one.
    func features(of count: Int) -> Int {
        switch blocks[count - 1] {
        case .stem(let stem): stem.convolution.filters * stem.size * stem.size
        case .pool(let pool): pool.channels * pool.size * pool.size
        case .fire(let fire): (fire.expand1.filters + fire.expand3.filters) * fire.size * fire.size
        case .head(let head): head.convolution.filters
        }
    }

    /// Its architecture, with its width where that is not 1, as users are told.
    public var name: String { width == 1 ? architecture.rawValue : "\(architecture.rawValue)-x\(width)" }

    public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
    /// Multiply-adds for one picture.
    public var multiplyAdds: Int { layers.reduce(0) { $0 + $1.multiplyAdds } }

    /// What the plan is made from.
    let blocks: [ShapedBlock]
}
