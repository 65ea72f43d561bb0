import CSqueezeKernels
import SqueezeNet

/// Times each layer of a network by itself, forward and backward, on one thread and a few pictures: where a training step's time
/// goes, and how near the kernels come to the processor's multiply-adds. Winograd does with fewer multiply-adds than are counted here
/// (those of the plain convolution), so its share may pass 100 %.
struct KernelBench {
    static let pictures = 4

    let kernels = Kernels.selected.table.pointee
    let seconds: Double
    let peak: Double

    init(seconds: Double) {
        self.seconds = seconds
        let kernels = kernels
        let rounds = 1_000_000
        let times = SqzBench.measure(0.3) { _ in _ = kernels.multiply_add_peak(rounds) }
        peak = Double(rounds * 12 * Int(kernels.lanes)) / times[0]
    }

    /// - Parameter step: seconds a picture of a whole training step on one thread.
    func run(_ network: Network, step: Double) {
        print("peak of one core: \(Int(2 * peak / 1e8).tenths) GFLOP/s, kernels \(Kernels.selected)")
        print("layer\tforward µs\tshare\tdata gradient µs\tshare\tweight gradient µs\tshare")
        var inputs = 3
        var squeezed = 0
        var sum = 0.0
        for (index, layer) in network.layers.enumerated() {
            let filters = layer.output.channels
            if layer.kind == .maxPool, index > 0 {
                let before = network.layers[index - 1]
                let times =
                    index == 1 && layer.kernel == 2 ? stemPool(layer) : maxPool(layer, from: before.output.height)
                sum += times.reduce(0, +)
                let name = index == 1 && layer.kernel == 2 ? "\(before.name) and its pool" : layer.name
                print(([name] + times.map { "\(Int($0 * 1e7).tenths)\t" }).joined(separator: "\t"))
            }
            guard layer.kind == .convolution else { continue }
            let isExpand = layer.name.hasSuffix("expand1x1") || layer.name.hasSuffix("expand3x3")
            let channels = isExpand ? squeezed : inputs
            if layer.name.hasSuffix("squeeze") { squeezed = filters }
            if layer.name.hasSuffix("expand3x3") { inputs = 2 * filters }
            if layer.name == "features.0" { inputs = filters }
            guard channels % 16 == 0 else { continue }
            let times =
                layer.kernel == 1
                ? pointwise(layer, channels, (filters + 15) / 16) : conv3x3(layer, channels / 16, filters / 16)
            sum += times.reduce(0, +)
            let columns = times.map { time in
                "\(Int(time * 1e7).tenths)\t\(Int(100 * Double(layer.multiplyAdds) / time / peak)) %"
            }
            print(([layer.name] + columns).joined(separator: "\t"))
        }
        print(
            """
            these together: \(Int(sum * 1e7).tenths) µs; a picture of a training step: \(Int(step * 1e7).tenths) µs, with \
            preprocessing, dropout, loss, Adam and the preparation of weights
            """)
    }

    private func tensor(_ count: Int) -> UnsafeMutablePointer<Float> {
        let floats = UnsafeMutableRawPointer.allocate(byteCount: count * 4 + 256, alignment: 64)
            .bindMemory(to: Float.self, capacity: count + 64)
        for index in 0..<count + 64 { floats[index] = Float(index % 17) / 17 - 0.4 }
        return floats
    }

    /// Seconds a picture of each body.
    private func times(_ bodies: (() -> Void)...) -> [Double] {
        bodies.map { body in SqzBench.measure(seconds) { _ in body() }[0] / Double(Self.pictures) }
    }

    private func pointwise(_ layer: Network.Layer, _ inputs: Int, _ panels: Int) -> [Double] {
        let rows = layer.output.height * layer.output.width
        var s = sqz_pointwise(
            rows: Int32(rows), in_panels: Int32(inputs / 16), out_panels: Int32(panels), in_stride: rows * 16,
            out_stride: rows * 16, relu: 1)
        let (input, output) = (inputs * rows, panels * 16 * rows)
        let (x, y, dx) = (tensor(input * Self.pictures), tensor(output * Self.pictures), tensor(input * Self.pictures))
        let (w, dw, bias) = (tensor(inputs * panels * 16), tensor(inputs * panels * 16), tensor(panels * 16))
        defer { for buffer in [x, y, dx, w, dw, bias] { buffer.deallocate() } }
        return times(
            { for p in 0..<Self.pictures { kernels.pointwise_forward(&s, x + p * input, w, bias, y + p * output) } },
            {
                for p in 0..<Self.pictures {
                    kernels.pointwise_backward_data(&s, y + p * output, w, 0, x + p * input, dx + p * input)
                }
            },
            {
                for p in 0..<Self.pictures {
                    kernels.pointwise_backward_weights(&s, x + p * input, y + p * output, dw, bias)
                }
            })
    }

    private func maxPool(_ layer: Network.Layer, from size: Int) -> [Double] {
        let panels = layer.output.channels / 16
        var s = sqz_maxpool(
            kernel: Int32(layer.kernel), stride: Int32(layer.stride), in_height: Int32(size), in_width: Int32(size),
            out_height: Int32(layer.output.height), out_width: Int32(layer.output.width), panels: Int32(panels))
        let (input, output) = (panels * 16 * size * size, panels * 16 * layer.output.height * layer.output.width)
        let (x, dx) = (tensor(input * Self.pictures), tensor(input * Self.pictures))
        let (y, dy) = (tensor(output * Self.pictures), tensor(output * Self.pictures))
        defer { for buffer in [x, dx, y, dy] { buffer.deallocate() } }
        return times(
            {
                for p in 0..<Self.pictures {
                    kernels.maxpool_forward(&s, 0, s.out_height, x + p * input, y + p * output)
                }
            },
            {
                for p in 0..<Self.pictures {
                    kernels.maxpool_backward(&s, x + p * input, y + p * output, dy + p * output, dx + p * input)
                }
            })
    }

    /// The stem has no data gradient.
    private func stemPool(_ pool: Network.Layer) -> [Double] {
        let (size, panels) = (pool.output.height, pool.output.channels / 16)
        let covered = sqz_stem_pool_covered(Int32(size))
        var s = sqz_stem_pool(pitch: sqz_input_pitch(covered), size: Int32(size), out_panels: Int32(panels), least: 0)
        let (x, u) = (tensor(Int(s.pitch * covered)), tensor(sqz_stem_pool_filters(s.out_panels)))
        let (y, work) = (tensor(panels * 16 * size * size), tensor(sqz_stem_pool_workspace(s.pitch)))
        let (dw, bias) = (tensor(27 * panels * 16), tensor(panels * 16))
        defer { for buffer in [x, u, bias, y, dw, work] { buffer.deallocate() } }
        var place = [UInt8](repeating: 0, count: panels * 16 * size * size)
        let pairs = Int32((size + 1) / 2)
        let measured = times(
            { for _ in 0..<Self.pictures { kernels.stem_pool_forward(&s, 0, pairs, x, u, bias, y, &place, work) } },
            { for _ in 0..<Self.pictures { kernels.stem_pool_backward(&s, x, y, place, dw, bias, work) } })
        return [measured[0], 0, measured[1]]
    }

    /// The backward pass is one kernel: half of its time stands under each gradient.
    private func conv3x3(_ layer: Network.Layer, _ inputs: Int, _ outputs: Int) -> [Double] {
        let (size, pixels) = (layer.output.height, layer.output.height * layer.output.width)
        var s = sqz_conv3x3(
            height: Int32(size), width: Int32(size), in_panels: Int32(inputs), out_panels: Int32(outputs), pools: 0,
            plain: 0, block: 16,
            in_image: inputs * 16 * pixels, out_image: outputs * 16 * pixels, least: 0)
        let filters = sqz_conv3x3_filters(Int32(inputs * 16), Int32(outputs * 16))
        let x = tensor(s.in_image * Self.pictures)
        let dx = tensor(s.in_image * Self.pictures)
        let y = tensor(s.out_image * Self.pictures)
        let (u, du, bias, work) = (
            tensor(filters), tensor(filters), tensor(outputs * 16), tensor(sqz_conv3x3_workspace(&s, 1))
        )
        defer { for buffer in [x, dx, y, u, du, bias, work] { buffer.deallocate() } }
        let across = sqz_tiles(s.width)
        var part = sqz_conv3x3_part(
            first_tile: 0, last_tile: across * across * Int32(Self.pictures), first_panel: 0, last_panel: Int32(outputs)
        )
        let measured = times(
            { kernels.conv3x3_forward(&s, &part, x, u, bias, y, work) },
            { kernels.conv3x3_backward(&s, Int32(Self.pictures), 1, x, y, u, dx, du, bias, work) })
        return [measured[0], measured[1] / 2, measured[1] / 2]
    }
}

extension Int {
    /// A number of tenths with its decimal point.
    fileprivate var tenths: String { "\(self / 10).\(abs(self) % 10)" }
}
