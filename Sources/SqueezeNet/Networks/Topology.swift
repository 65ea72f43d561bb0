/// What a network is made of: a stem, pools and fire modules, then always dropout, a 1×1 convolution to the classes, ReLU and
/// the average over all pixels. Adding a network is one more value here.
struct Topology: Sendable {
    enum Block: Sendable {
        /// `expand` is the number of 1×1 filters and also that of 3×3 filters.
        case fire(squeeze: Int, expand: Int)
        case pool
    }

    struct Stem: Sendable {
        var filters: Int
        var kernel: Int
        var stride: Int
        var padding: Int
    }

    var stem: Stem
    /// Kernel of the max pools, whose stride is 2; those of 3×3 keep windows that hang over the edge (ceil mode).
    var poolKernel: Int
    var blocks: [Block]

    /// Below this input size 1.0 and 1.1 take a 3×3 stem of stride 1, as is usual for CIFAR: their own would leave too little.
    static let smallestForOwnStem = 64

    /// - Parameter width: times as many filters as the paper has, of every layer but the classifier (Zagoruyko and Komodakis,
    ///   arXiv 1605.07146).
    init(_ architecture: Architecture, width: Int, inputSize: Int) {
        switch architecture {
        case .squeezenetCIFAR: self = .cifar
        case .squeezenet10: self = .version10
        case .squeezenet11: self = .version11
        }
        stem.filters *= width
        blocks = blocks.map { block in
            switch block {
            case .pool: .pool
            case .fire(let squeeze, let expand): .fire(squeeze: width * squeeze, expand: width * expand)
            }
        }
        if architecture != .squeezenetCIFAR, inputSize < Self.smallestForOwnStem {
            stem = Stem(filters: stem.filters, kernel: 3, stride: 1, padding: 1)
        }
    }

    private init(stem: Stem, poolKernel: Int, blocks: [Block]) {
        self.stem = stem
        self.poolKernel = poolKernel
        self.blocks = blocks
    }

    private static let cifar = Topology(
        stem: Stem(filters: 64, kernel: 3, stride: 1, padding: 1), poolKernel: 2,
        blocks: [
            .pool, .fire(squeeze: 32, expand: 64), .fire(squeeze: 32, expand: 64),
            .pool, .fire(squeeze: 32, expand: 128), .fire(squeeze: 32, expand: 128),
        ])

    private static let version10 = Topology(
        stem: Stem(filters: 96, kernel: 7, stride: 2, padding: 0), poolKernel: 3,
        blocks: [
            .pool, .fire(squeeze: 16, expand: 64), .fire(squeeze: 16, expand: 64), .fire(squeeze: 32, expand: 128),
            .pool, .fire(squeeze: 32, expand: 128), .fire(squeeze: 48, expand: 192), .fire(squeeze: 48, expand: 192),
            .fire(squeeze: 64, expand: 256),
            .pool, .fire(squeeze: 64, expand: 256),
        ])

    private static let version11 = Topology(
        stem: Stem(filters: 64, kernel: 3, stride: 2, padding: 0), poolKernel: 3,
        blocks: [
            .pool, .fire(squeeze: 16, expand: 64), .fire(squeeze: 16, expand: 64),
            .pool, .fire(squeeze: 32, expand: 128), .fire(squeeze: 32, expand: 128),
            .pool, .fire(squeeze: 48, expand: 192), .fire(squeeze: 48, expand: 192), .fire(squeeze: 64, expand: 256),
            .fire(squeeze: 64, expand: 256),
        ])
}
