import CSqueezeKernels
import SqueezeNet

/// Times each layer in eight bits by itself, on one thread and a few pictures, beside the multiply-adds of bytes that the processor can do
/// at most. Winograd does with fewer than are counted here, by products of 16 bits.
struct QuantizedKernelBench {
    let kernels = Kernels.selected.table.pointee
    let seconds: Double
    let peak: Double

    init(seconds: Double) {
        self.seconds = seconds
        let kernels = kernels
        var products = 0
        let times = SqzBench.measure(0.3) { _ in products = kernels.int8_peak(100_000) }
        peak = Double(products) / times[0]
    }

    func run(_ network: Network) {
        print("eight bits; peak of one core: \(Int(peak / 1e9)) thousand million multiply-adds a second")
        print("layer\tforward µs\tshare")
        var (inputs, squeezed) = (3, 0)
        for layer in network.layers where layer.kind == .convolution {
            let isExpand = layer.name.hasSuffix("expand1x1") || layer.name.hasSuffix("expand3x3")
            let channels = isExpand ? squeezed : inputs
            let filters = layer.output.channels
            if layer.name.hasSuffix("squeeze") { squeezed = filters }
            if layer.name.hasSuffix("expand3x3") { inputs = 2 * filters }
            if layer.name == "features.0" { inputs = filters }
            guard channels % 16 == 0 else { continue }
            let panels = (filters + 15) / 16
            let time =
                layer.kernel == 1
                ? pointwise(layer.output.height, channels, panels) : conv3x3(layer.output.height, channels, panels)
            print(
                "\(layer.name)\t\(Double(Int(time * 1e7)) / 10)\t\(Int(100 * Double(layer.multiplyAdds) / time / peak)) %"
            )
        }
    }

    private func memory<Value: FixedWidthInteger>(_ count: Int, _: Value.Type) -> UnsafeMutablePointer<Value> {
        let values = UnsafeMutableRawPointer.allocate(
            byteCount: (count + 64) * MemoryLayout<Value>.size, alignment: 64
        ).bindMemory(to: Value.self, capacity: count + 64)
        for place in 0..<count + 64 { values[place] = Value(place % 100) }
        return values
    }

    /// Seconds a picture.
    private func time(_ body: () -> Void) -> Double {
        SqzBench.measure(seconds) { _ in body() }[0] / Double(KernelBench.pictures)
    }

    private func pointwise(_ size: Int, _ inputs: Int, _ panels: Int) -> Double {
        let pixels = size * size * KernelBench.pictures
        var shape = sqz_int8_pointwise(
            pixels: Int32(pixels), inputs: Int32(inputs), out_panels: Int32(panels), out_pitch: panels * 16, most: 127)
        let (x, y) = (memory(pixels * inputs, UInt8.self), memory(pixels * panels * 16, UInt8.self))
        let w = memory(inputs * panels * 16, Int8.self)
        let (bias, multiplier) = (memory(panels * 16, Int32.self), memory(panels * 16, UInt32.self))
        defer {
            x.deallocate()
            y.deallocate()
            w.deallocate()
            bias.deallocate()
            multiplier.deallocate()
        }
        return time { kernels.int8_pointwise(&shape, x, w, bias, multiplier, y) }
    }

    private func conv3x3(_ size: Int, _ inputs: Int, _ panels: Int) -> Double {
        let pixels = size * size * KernelBench.pictures
        let tiles = KernelBench.pictures * ((size + 3) / 4) * ((size + 3) / 4)
        var shape = sqz_int8_conv3x3(
            size: Int32(size), inputs: Int32(inputs), out_panels: Int32(panels), out_pitch: panels * 16, most: 127,
            block: 16)
        var part = sqz_conv3x3_part(
            first_tile: 0, last_tile: Int32(tiles), first_panel: 0, last_panel: Int32(panels))
        let (x, y) = (memory(pixels * inputs, UInt8.self), memory(pixels * panels * 16, UInt8.self))
        let u = memory(sqz_int8_conv3x3_filters(Int32(inputs), Int32(panels * 16)), Int16.self)
        let work = memory(sqz_int8_conv3x3_workspace(&shape), UInt8.self)
        let (bias, multiplier) = (memory(panels * 16, Int32.self), memory(panels * 16, UInt32.self))
        defer {
            x.deallocate()
            y.deallocate()
            u.deallocate()
            work.deallocate()
            bias.deallocate()
            multiplier.deallocate()
        }
        return time { kernels.int8_conv3x3(&shape, &part, x, u, bias, multiplier, y, work) }
    }
}
