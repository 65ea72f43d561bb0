extension Calibration {
    /// The least factor: a channel that is much smaller still is left small, so that a picture that was not looked at fits too.
    private static let leastFactor: Float = 1 / 16

    /// Weights that compute the same but for rounding, with channels of each fire module's squeezed map more alike, so that the one step
    /// of the map suits all: what writes a channel is divided by a factor and what reads it multiplied, which a ReLU lets through (Nagel
    /// et al., arXiv 1906.04721, section 4.1). The factor is the root of the channel's largest value beside the map's: with the ratio
    /// itself the weights that read the channels would be as unlike as these were (Xiao et al., SmoothQuant, arXiv 2211.10438).
    ///
    /// These maps have the fewest channels, and what is lost of SqueezeNet 1.0's classes in eight bits is lost there most of all.
    /// - Parameter weights: those that this calibration computes with.
    public func equalized(_ weights: Weights, by pictures: [Picture]) -> Weights {
        let fires = network.blocks.compactMap { if case .fire(let fire) = $0 { fire } else { nil } }
        var values = weights.values
        for (fire, largest) in zip(fires, largestSqueezed(pictures, fires)) {
            guard let most = largest.max(), most > 0 else { continue }
            let factors = largest.map { $0 > 0 ? max(Self.leastFactor, ($0 / most).squareRoot()) : 1 }
            let (weight, bias) = (
                network.parameters[fire.squeeze.parameter], network.parameters[fire.squeeze.parameter + 1]
            )
            for (channel, factor) in factors.enumerated() {
                let first = weight.offset + channel * fire.squeeze.inputs
                for place in first..<first + fire.squeeze.inputs { values[place] /= factor }
                values[bias.offset + channel] /= factor
            }
            for expand in [fire.expand1, fire.expand3] {
                let (weight, taps) = (network.parameters[expand.parameter], expand.kernel * expand.kernel)
                for place in 0..<weight.count { values[weight.offset + place] *= factors[place / taps % expand.inputs] }
            }
        }
        return Weights(values: values)
    }

    /// The largest value of each channel of the fire modules' squeezed maps.
    private func largestSqueezed(_ pictures: [Picture], _ fires: [ShapedBlock.Fire]) -> [[Float]] {
        let tensors = plan.stages.flatMap(\.steps).compactMap {
            if case .fire(let step) = $0 { step.squeezed } else { nil }
        }
        var largest = fires.map { [Float](repeating: 0, count: $0.squeeze.filters) }
        survey(pictures, empty: largest) { part, memory, place, _ in
            for (module, (fire, tensor)) in zip(fires, tensors).enumerated() {
                let values = memory(tensor, place)
                // Sixteen channels of all pixels, then the next.
                let panel = 16 * fire.size * fire.size
                for channel in 0..<fire.squeeze.filters {
                    let first = channel / 16 * panel + channel % 16
                    let pixels = stride(from: first, to: first + panel, by: 16)
                    part[module][channel] = pixels.reduce(part[module][channel]) { max($0, values[$1]) }
                }
            }
        } add: {
            for (module, part) in $0.enumerated() {
                for (channel, value) in part.enumerated() {
                    largest[module][channel] = max(largest[module][channel], value)
                }
            }
        }
        return largest
    }
}
