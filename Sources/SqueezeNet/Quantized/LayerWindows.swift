/// Where a layer's filters find their inputs among what a plan computes.
struct LayerWindows {
    enum Source {
        /// The bordered input.
        case picture(stride: Int)
        case map(Plan.Tensor)
    }

    let source: Source
    let kernel: Int
    let inputs: Int
    /// Columns of the output, and pixels.
    let width: Int
    let pixels: Int

    /// Those of all convolutions, in the order of `Network.parameters`.
    static func all(of network: Network, _ plan: Plan) -> [LayerWindows] {
        let steps = plan.stages.flatMap(\.steps).filter { if case .pool = $0 { false } else { true } }
        let blocks = network.blocks.filter { if case .pool = $0 { false } else { true } }
        return zip(blocks, steps).flatMap { block, step -> [LayerWindows] in
            func map(_ convolution: ShapedBlock.Convolution, _ tensor: Plan.Tensor, _ size: Int) -> LayerWindows {
                LayerWindows(
                    source: .map(tensor), kernel: convolution.kernel, inputs: convolution.inputs, width: size,
                    pixels: size * size)
            }
            switch (block, step) {
            case (.stem(let stem), _):
                return [
                    LayerWindows(
                        source: .picture(stride: stem.stride), kernel: stem.convolution.kernel,
                        inputs: stem.convolution.inputs, width: stem.size, pixels: stem.size * stem.size)
                ]
            case (.fire(let fire), .fire(let step)):
                var layers = [
                    map(fire.squeeze, step.input, fire.size), map(fire.expand1, step.squeezed, fire.size),
                    map(fire.expand3, step.squeezed, fire.size),
                ]
                if case .convolution(let bypass) = fire.shortcut {
                    layers.append(map(bypass, step.input, fire.size))
                }
                return layers
            case (.head(let head), .head(let step)): return [map(head.convolution, step.input, head.size)]
            default: preconditionFailure("a plan's steps are the network's blocks")
            }
        }
    }

    /// Writes what a filter reads for a pixel of the output, in the order of its weights.
    /// - Parameter whole: makes a whole number of a value.
    func read(
        _ pixel: Int, of picture: Int, _ plan: Plan, _ memory: Memory, into target: UnsafeMutableBufferPointer<Double>,
        _ whole: (Float) -> Double
    ) {
        let (row, column, taps) = (pixel / width, pixel % width, kernel * kernel)
        switch source {
        case .picture(let stride):
            let first = memory.input(plan.input, picture) + row * stride * plan.inputPitch + column * stride * 3
            for tap in 0..<taps {
                let pixel = first + tap / kernel * plan.inputPitch + tap % kernel * 3
                for channel in 0..<3 { target[channel * taps + tap] = whole(pixel[channel]) }
            }
        case .map(let tensor):
            let first = memory(tensor, picture)
            for tap in 0..<taps {
                let (row, column) = (row + tap / kernel - kernel / 2, column + tap % kernel - kernel / 2)
                let isInside = (0..<width).contains(row) && (0..<width).contains(column)
                for input in 0..<inputs {
                    let place = (input / 16 * pixels + row * width + column) * 16 + input % 16
                    target[input * taps + tap] = isInside ? whole(first[place]) : 0
                }
            }
        }
    }
}
