import CSqueezeKernels
import SqueezeNet
import Testing

/// The kernels of eight bits: every instruction set gives the bytes of the plain reference, for shapes of the networks and any others.
@Suite struct QuantizedKernelTests {
    static let fast = KernelTests.fast
    static var reference: sqz_kernels { KernelTests.reference }

    /// Whole numbers of a seed, each in a range of its own.
    private struct Draws {
        private let random: CounterRandom
        private var next = 0

        init(_ seed: Int) { random = CounterRandom(seed: UInt64(seed), purpose: .picture, epoch: 8, index: 0) }

        mutating func callAsFunction(_ range: ClosedRange<Int>) -> Int {
            next += 1
            return range.lowerBound + min(range.count - 1, Int(random.uniform(at: next) * Float(range.count)))
        }
    }

    /// Aligned memory.
    private final class Memory<Value: FixedWidthInteger & Sendable> {
        let values: UnsafeMutablePointer<Value>
        let count: Int

        init(_ count: Int, _ value: () -> Value = { 0 }) {
            self.count = count
            values = UnsafeMutableRawPointer.allocate(byteCount: (count + 64) * MemoryLayout<Value>.size, alignment: 64)
                .bindMemory(to: Value.self, capacity: count + 64)
            values.initialize(repeating: 0, count: count + 64)
            for place in 0..<count { values[place] = value() }
        }

        deinit { values.deallocate() }

        var array: [Value] { Array(UnsafeBufferPointer(start: values, count: count)) }
    }

    /// What every layer has: weights, and sums as they come to be in some place of a byte's range, or all beyond it.
    private struct Layer {
        let weights: Memory<Int8>
        let bias: Memory<Int32>
        let multiplier: Memory<UInt32>

        init(_ count: Int, outputs: Int, _ draws: inout Draws, hasExtremes: Bool) {
            weights = Memory(count) { Int8(hasExtremes ? 254 * draws(0...1) - 127 : draws(-127...127)) }
            bias = Memory(outputs) { Int32(hasExtremes ? draws(-1...1) * Int(SQZ_INT8_BIAS) : draws(-3_000...3_000)) }
            multiplier = Memory(outputs) {
                draws(0...9) == 0 ? UInt32(draws(0...1)) * .max : UInt32(draws(1_000...2_000_000))
            }
        }
    }

    private static func activations(_ count: Int, _ draws: inout Draws, hasExtremes: Bool) -> Memory<UInt8> {
        Memory(count) { UInt8(hasExtremes ? 255 * draws(0...1) : max(0, draws(-120...255))) }
    }

    @Test(arguments: fast, 0..<24) func pointwiseAndHead(_ kernels: Kernels, _ seed: Int) {
        var draws = Draws(seed)
        let (pixels, inputs, panels, hasExtremes) = (draws(1...90), 16 * draws(1...32), draws(1...5), seed % 3 == 0)
        var shape = sqz_int8_pointwise(
            pixels: Int32(pixels), inputs: Int32(inputs), out_panels: Int32(panels),
            out_pitch: panels * 16 + 16 * draws(0...2),
            most: 255)
        let layer = Layer(inputs * panels * 16, outputs: panels * 16, &draws, hasExtremes: hasExtremes)
        // Neighbours' weights of one sign come to at most 128.
        for place in stride(from: 0, to: layer.weights.count, by: 2) {
            let (first, second) = (Int(layer.weights.values[place]), Int(layer.weights.values[place + 1]))
            guard first.signum() == second.signum() else { continue }
            layer.weights.values[place] -= Int8(first.signum() * max(0, abs(first + second) - 128))
        }
        let x = Self.activations(pixels * inputs, &draws, hasExtremes: hasExtremes)
        let found = [kernels.table.pointee, Self.reference].map { kernels in
            let y = Memory<UInt8>(pixels * shape.out_pitch)
            let sums = Memory<Int64>(panels * 16)
            kernels.int8_pointwise(
                &shape, x.values, layer.weights.values, layer.bias.values, layer.multiplier.values, y.values)
            kernels.int8_head(
                Int32(pixels), Int32(inputs), 0, Int32(panels), x.values, layer.weights.values, layer.bias.values,
                sums.values)
            return (y.array, sums.array)
        }
        #expect(found[0] == found[1])
        #expect(found[0].0.contains { $0 > 0 })
    }

    @Test(arguments: fast, 0..<24) func conv3x3(_ kernels: Kernels, _ seed: Int) {
        var draws = Draws(100 + seed)
        let (size, images, hasExtremes) = (draws(1...18), draws(1...3), seed % 3 == 0)
        let (inputs, panels) = (hasExtremes ? 64 : 16 * draws(1...4), draws(1...3))
        var shape = sqz_int8_conv3x3(
            size: Int32(size), inputs: Int32(inputs), out_panels: Int32(panels), out_pitch: panels * 16 + 16, most: 255,
            block: Int32(draws(1...17)))
        let layer = Layer(inputs * panels * 16 * 9, outputs: panels * 16, &draws, hasExtremes: hasExtremes)
        if seed % 6 == 0 { for place in 0..<layer.weights.count { layer.weights.values[place] = 127 } }
        let x = Self.activations(images * size * size * inputs, &draws, hasExtremes: hasExtremes)
        let tiles = images * ((size + 3) / 4) * ((size + 3) / 4)
        let cut = draws(0...tiles)
        let found = [kernels.table.pointee, Self.reference].map { kernels in
            let y = Memory<UInt8>(images * size * size * shape.out_pitch)
            let u = Memory<Int16>(sqz_int8_conv3x3_filters(shape.inputs, Int32(panels * 16)))
            let work = Memory<UInt8>(sqz_int8_conv3x3_workspace(&shape))
            kernels.int8_conv3x3_prepare(&shape, layer.weights.values, u.values)
            for (range, panels) in [(0..<cut, 0..<panels), (cut..<tiles, 0..<1), (cut..<tiles, 1..<panels)] {
                var part = sqz_conv3x3_part(
                    first_tile: Int32(range.lowerBound), last_tile: Int32(range.upperBound),
                    first_panel: Int32(panels.lowerBound), last_panel: Int32(panels.upperBound))
                kernels.int8_conv3x3(
                    &shape, &part, x.values, u.values, layer.bias.values, layer.multiplier.values, y.values, work.values
                )
            }
            return y.array
        }
        #expect(found[0] == found[1])
        #expect(found[0].contains { $0 > 0 })
    }

    @Test(arguments: fast, 0..<16) func stem(_ kernels: Kernels, _ seed: Int) {
        var draws = Draws(200 + seed)
        let (kernel, stride, width, panels) = ([3, 7][seed % 2], draws(1...2), draws(1...20), draws(1...6))
        let columns = (width - 1) * stride + kernel
        let run = Int(sqz_int8_stem_run(Int32(kernel)))
        var shape = sqz_int8_stem(
            kernel: Int32(kernel), stride: Int32(stride), pitch: sqz_input_pitch(Int32(columns)), height: Int32(width),
            width: Int32(width), out_panels: Int32(panels), most: 255)
        let layer = Layer(0, outputs: panels * 16, &draws, hasExtremes: seed % 3 == 0)
        let bound = Int(SQZ_INT8_INPUT)
        let x = Memory<Int16>(columns * Int(shape.pitch)) {
            Int16(seed % 3 == 0 ? 2 * bound * draws(0...1) - bound : draws(-bound...bound))
        }
        let w = Memory<Int16>(panels * 16 * kernel * run)
        for place in 0..<w.count where place / 32 * 2 % run + place % 2 < 3 * kernel {
            w.values[place] = Int16(seed % 3 == 0 ? 254 * draws(0...1) - 127 : draws(-127...127))
        }
        let found = [kernels.table.pointee, Self.reference].map { kernels in
            let y = Memory<UInt8>(width * width * panels * 16)
            kernels.int8_stem(
                &shape, 0, Int32(width), x.values, w.values, layer.bias.values, layer.multiplier.values, y.values)
            return y.array
        }
        #expect(found[0] == found[1])
        #expect(found[0].contains { $0 > 0 })
    }

    @Test(arguments: fast, 0..<12) func poolAndSum(_ kernels: Kernels, _ seed: Int) {
        var draws = Draws(300 + seed)
        let (kernel, size, channels) = (2 + seed % 2, draws(3...21), 16 * draws(1...5))
        let output = (size - kernel + kernel - 2) / 2 + 1
        var shape = sqz_int8_maxpool(
            kernel: Int32(kernel), in_size: Int32(size), out_size: Int32(output), channels: Int32(channels))
        let x = Self.activations(size * size * channels, &draws, hasExtremes: false)
        let scales = (UInt32(draws(0...(1 << 23))), UInt32(draws(0...200_000)))
        let found = [kernels.table.pointee, Self.reference].map { kernels in
            let y = Memory<UInt8>(output * output * channels)
            kernels.int8_maxpool(&shape, 0, Int32(output), x.values, y.values)
            let pooled = y.array
            kernels.int8_add(y.count, scales.0, scales.1, 255, x.values, y.values)
            return (pooled, y.array)
        }
        #expect(found[0] == found[1])
    }
}
