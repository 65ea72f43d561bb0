/// A block of a network with all its sizes, and where its parameters are in `Network.parameters`.
enum ShapedBlock: Sendable, Equatable {
    struct Convolution: Sendable, Equatable {
        var inputs: Int
        var filters: Int
        var kernel: Int
        /// Index of the weight in `Network.parameters`; the bias is the next.
        var parameter: Int
    }

    struct Stem: Sendable, Equatable {
        var convolution: Convolution
        var stride: Int
        var padding: Int
        /// Height and width of the output.
        var size: Int
    }

    struct Pool: Sendable, Equatable {
        var kernel: Int
        var channels: Int
        var inputSize: Int
        var size: Int
    }

    enum Shortcut: Sendable, Equatable {
        case none, identity
        case convolution(Convolution)
    }

    struct Fire: Sendable, Equatable {
        var squeeze: Convolution
        var expand1: Convolution
        var expand3: Convolution
        var shortcut: Shortcut
        /// Height and width of input and output.
        var size: Int
    }

    struct Head: Sendable, Equatable {
        var convolution: Convolution
        /// Height and width of the input.
        var size: Int
        /// Zeros around it.
        var padding: Int
    }

    case stem(Stem)
    case pool(Pool)
    case fire(Fire)
    /// Dropout, 1×1 convolution to the classes, ReLU, average over the pixels.
    case head(Head)

    /// Whether weights are learnt here that pictures of other classes can use.
    var isModule: Bool {
        switch self {
        case .stem, .fire: true
        case .pool, .head: false
        }
    }
}
