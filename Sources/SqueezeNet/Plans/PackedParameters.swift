internal import CSqueezeKernels

/// Where the kernels' own layout of the parameters puts each convolution, and the way there and back from PyTorch's layout.
///
/// Filters come in panels of 16; where their number is no multiple of 16 (the classes), the rest of the last panel is zero and
/// stays zero.
struct PackedParameters {
    struct Slot {
        /// Inputs × kernel pixels in one filter: the rows of a panel.
        let rows: Int
        let inputs: Int
        let filters: Int
        let kernel: Int
        /// Where weight and bias begin in `Weights.values`.
        let canonicalWeight: Int
        let canonicalBias: Int
        /// Where they begin in the packed parameters.
        let weight: Int
        let bias: Int

        var panels: Int { (filters + 15) / 16 }
    }

    private(set) var slots: [Slot] = []
    private var layout = ArenaLayout()

    var count: Int { layout.count }

    /// Adds a convolution and returns where it is.
    mutating func add(_ convolution: ShapedBlock.Convolution, of network: Network) -> Slot {
        let rows = convolution.inputs * convolution.kernel * convolution.kernel
        let panels = (convolution.filters + 15) / 16
        let slot = Slot(
            rows: rows, inputs: convolution.inputs, filters: convolution.filters, kernel: convolution.kernel,
            canonicalWeight: network.parameters[convolution.parameter].offset,
            canonicalBias: network.parameters[convolution.parameter + 1].offset,
            weight: layout.reserve(panels * rows * 16), bias: layout.reserve(panels * 16))
        slots.append(slot)
        return slot
    }

    /// Calls `body` with the canonical and the packed offset of every parameter.
    func forEach(_ body: (_ canonical: Int, _ packed: Int) -> Void) {
        for slot in slots {
            let taps = slot.kernel * slot.kernel
            for filter in 0..<slot.filters {
                let panel = slot.weight + filter / 16 * slot.rows * 16 + filter % 16
                let canonical = slot.canonicalWeight + filter * slot.rows
                for input in 0..<slot.inputs {
                    for tap in 0..<taps {
                        body(canonical + input * taps + tap, panel + (tap * slot.inputs + input) * 16)
                    }
                }
                body(slot.canonicalBias + filter, slot.bias + filter)
            }
        }
    }

    /// Zeroes what the backward pass adds to; the gradients of 3×3 weights behind the stem are written whole at its end.
    func clearGradients(_ gradients: UnsafeMutablePointer<Float>) {
        for slot in slots {
            let isReplaced = slot.kernel == 3 && slot.inputs % 16 == 0
            let start = isReplaced ? slot.bias : slot.weight
            (gradients + start).update(repeating: 0, count: slot.bias + slot.panels * 16 - start)
        }
    }

    func pack(_ weights: Weights, into packed: UnsafeMutablePointer<Float>) {
        weights.values.withUnsafeBufferPointer { values in
            forEach { packed[$1] = values[$0] }
        }
    }

    /// - Parameter others: the values of parameters that are not packed here.
    func unpack(_ packed: UnsafePointer<Float>, others: [Float]) -> Weights {
        var values = others
        values.withUnsafeMutableBufferPointer { values in
            forEach { values[$0] = packed[$1] }
        }
        return Weights(values: values)
    }
}
