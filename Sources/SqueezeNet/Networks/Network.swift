/// A network as a value: its layers with their shapes and costs, and its parameters as PyTorch names and orders them.
public struct Network: Sendable, Equatable {
    public let architecture: Architecture
    public let bypass: Bypass
    /// How many classes the logits tell apart.
    public let classes: Int
    /// Height and width of the input, in pixels of three channels.
    public let inputSize: Int
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
    }

    /// The class counts that a network may have.
    public static let allowedClasses = 2...65_536
    /// The largest input that is accepted: its activations stay below a gigabyte.
    public static let largestInput = 1_024

    /// - Throws: `EngineError` if the pools leave nothing of so small an input (with the smallest size that works), if it is
    ///   larger than `largestInput`, or if the class count is not in `allowedClasses`.
    public init(_ architecture: Architecture, bypass: Bypass = .none, classes: Int, inputSize: Int) throws(EngineError)
    {
        guard Self.allowedClasses.contains(classes) else {
            throw .classCount(classes, allowed: Self.allowedClasses)
        }
        guard inputSize <= Self.largestInput else {
            throw .inputTooLarge(size: inputSize, largest: Self.largestInput)
        }
        var builder = NetworkBuilder(bypass: bypass, classes: classes, inputSize: inputSize)
        guard builder.add(Topology(architecture, inputSize: inputSize)) else {
            throw .inputTooSmall(architecture, size: inputSize, smallest: Self.smallestInput(of: architecture))
        }
        self.architecture = architecture
        self.bypass = bypass
        self.classes = classes
        self.inputSize = inputSize
        self.layers = builder.layers
        self.parameters = builder.parameters
        self.blocks = builder.blocks
    }

    /// The smallest input of which the pools leave something.
    public static func smallestInput(of architecture: Architecture) -> Int {
        let smallest = (1...largestInput).first { size in
            var attempt = NetworkBuilder(bypass: .none, classes: allowedClasses.lowerBound, inputSize: size)
            return attempt.add(Topology(architecture, inputSize: size))
        }
        return smallest ?? largestInput
    }

    public var parameterCount: Int { layers.reduce(0) { $0 + $1.parameterCount } }
    /// Multiply-adds for one picture.
    public var multiplyAdds: Int { layers.reduce(0) { $0 + $1.multiplyAdds } }

    /// What the plan is made from.
    let blocks: [ShapedBlock]
}
