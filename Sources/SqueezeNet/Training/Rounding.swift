/// Weights as what they are rounded to, in the kernels' layout.
struct Rounding {
    private enum Form {
        /// Whole numbers times their filter's scale: a panel's, 16 filters each; 1 where the last panel has none.
        case wholes(bound: Float, hasPairs: Bool, scales: [SIMD16<Float>])
        /// The nearest of these, which are ascending.
        case numbers([Float])
    }

    private var parts: [(slot: PackedParameters.Slot, form: Form)] = []

    /// - Parameter scales: the filters', in the order of `Network.parameters`.
    init(_ scales: [Float], bits: Int, _ network: Network, _ packed: PackedParameters) {
        var first = 0
        for (slot, layer) in zip(Self.ordered(packed), QuantizedWeights.layerBits(of: network, bits)) {
            var panels = Array(repeating: SIMD16<Float>(repeating: 1), count: slot.panels)
            for filter in 0..<slot.filters { panels[filter / 16][filter % 16] = scales[first + filter] }
            first += slot.filters
            parts.append(
                (
                    slot,
                    .wholes(
                        bound: Float(QuantizedWeights.largestWeight(of: layer.bits)),
                        hasPairs: QuantizedWeights.hasPairs(kernel: slot.kernel, bits: layer.bits), scales: panels)
                ))
        }
    }

    /// - Parameter codebooks: each convolution's, in the order of `Network.parameters`.
    init(nearestOf codebooks: [[Float]], _ packed: PackedParameters) {
        parts = zip(Self.ordered(packed), codebooks).map { ($0, .numbers(($1 + [0]).sorted())) }
    }

    private static func ordered(_ packed: PackedParameters) -> [PackedParameters.Slot] {
        packed.slots.sorted { $0.canonicalWeight < $1.canonicalWeight }
    }

    func round(_ weights: UnsafePointer<Float>, into rounded: UnsafeMutablePointer<Float>) {
        for (slot, form) in parts {
            let (from, to) = (weights + slot.weight, rounded + slot.weight)
            switch form {
            case .wholes(let bound, let hasPairs, let scales):
                for (panel, scale) in scales.enumerated() {
                    let first = panel * slot.rows
                    Self.round(
                        from + first * 16, into: to + first * 16, rows: slot.rows, bound: bound, hasPairs: hasPairs,
                        scale: scale)
                }
            case .numbers(let numbers):
                let boundaries = zip(numbers, numbers.dropFirst()).map(Codebook.boundary)
                for row in 0..<slot.panels * slot.rows {
                    let weight = Self.load(from, row)
                    var nearest = SIMD16(repeating: numbers[0])
                    for (boundary, number) in zip(boundaries, numbers.dropFirst()) {
                        nearest.replace(with: number, where: weight .> boundary)
                    }
                    Self.store(nearest, to, row)
                }
            }
            (rounded + slot.bias).update(from: weights + slot.bias, count: slot.panels * 16)
        }
    }

    /// A panel of whole numbers.
    private static func round(
        _ weights: UnsafePointer<Float>, into rounded: UnsafeMutablePointer<Float>, rows: Int, bound: Float,
        hasPairs: Bool, scale: SIMD16<Float>
    ) {
        let bound = SIMD16(repeating: bound)
        func whole(_ row: Int) -> SIMD16<Float> {
            (load(weights, row) / scale).rounded(.toNearestOrEven).clamped(lowerBound: -bound, upperBound: bound)
        }
        guard hasPairs else {
            for row in 0..<rows { store(whole(row) * scale, rounded, row) }
            return
        }
        for row in stride(from: 0, to: rows, by: 2) {
            let pair = fittingPair(whole(row), whole(row + 1))
            store(pair.0 * scale, rounded, row)
            store(pair.1 * scale, rounded, row + 1)
        }
    }

    private static func load(_ weights: UnsafePointer<Float>, _ row: Int) -> SIMD16<Float> {
        UnsafeRawPointer(weights + row * 16).loadUnaligned(as: SIMD16<Float>.self)
    }

    private static func store(_ values: SIMD16<Float>, _ weights: UnsafeMutablePointer<Float>, _ row: Int) {
        UnsafeMutableRawPointer(weights + row * 16).storeBytes(of: values, as: SIMD16<Float>.self)
    }
}
