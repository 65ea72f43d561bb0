import CSqueezeKernels
import SqueezeNet
import Testing

/// Every kernel of every instruction set that this machine has against the plain reference, whose sums are in double precision.
@Suite struct KernelTests {
    static let fast = Kernels.available.filter { $0.name != "scalar" }
    static var reference: sqz_kernels { Kernels.available[0].table.pointee }

    /// Direct sums of a few hundred products, relative to the result's length.
    static let directError = 1e-6
    /// Winograd's transforms lose a few bits more.
    static let winogradError = 2e-6

    /// Aligned floats: 0 outside the tensor, so that whole vectors can be read at its end.
    private final class Tensor {
        let floats: UnsafeMutablePointer<Float>
        let count: Int

        init(_ count: Int) {
            self.count = count
            floats = UnsafeMutableRawPointer.allocate(byteCount: (count + 64) * 4, alignment: 64)
                .bindMemory(to: Float.self, capacity: count + 64)
            floats.initialize(repeating: 0, count: count + 64)
        }

        /// Random numbers in [-1, 1), or with half of them zero as after a ReLU.
        convenience init(_ count: Int, random index: Int, rectified: Bool = false) {
            self.init(count)
            let random = CounterRandom(seed: 77, purpose: .picture, epoch: 1, index: index)
            for i in 0..<count {
                let value = 2 * random.uniform(at: i) - 1
                floats[i] = rectified ? max(value, 0) : value
            }
        }

        deinit { floats.deallocate() }

        var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: floats, count: count) }

        /// Distance to the expected values, relative to their length.
        func error(_ expected: Tensor) -> Double {
            let (error, norm) = distance(values, expected.values)
            return error / max(norm, 1e-30)
        }
    }

    @Test(arguments: fast, [(64, 4, 2), (256, 2, 4), (169, 3, 12), (1, 1, 1), (5, 16, 1)])
    func pointwise(_ kernels: Kernels, _ shape: (rows: Int, inputs: Int, outputs: Int)) {
        var s = sqz_pointwise(
            rows: Int32(shape.rows), in_panels: Int32(shape.inputs), out_panels: Int32(shape.outputs),
            in_stride: shape.rows * 16, out_stride: shape.rows * 16, relu: 1)
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let (inputs, outputs) = (shape.inputs * 16, shape.outputs * 16)
        let x = Tensor(inputs * shape.rows, random: 1, rectified: true)
        let w = Tensor(inputs * outputs, random: 2)
        let bias = Tensor(outputs, random: 3)
        let dy = Tensor(outputs * shape.rows, random: 4)

        for relu in [0, 1] {
            s.relu = Int32(relu)
            let (y, expected) = (Tensor(dy.count), Tensor(dy.count))
            fast.pointwise_forward(&s, x.floats, w.floats, bias.floats, y.floats)
            reference.pointwise_forward(&s, x.floats, w.floats, bias.floats, expected.floats)
            #expect(y.error(expected) < Self.directError)
        }

        let (wt, expectedTransposed) = (Tensor(w.count), Tensor(w.count))
        fast.pointwise_transpose(s.in_panels, s.out_panels, w.floats, wt.floats)
        reference.pointwise_transpose(s.in_panels, s.out_panels, w.floats, expectedTransposed.floats)
        #expect(wt.error(expectedTransposed) == 0)

        for accumulate in [Int32(0), 1] {
            for mask in [nil, UnsafePointer(x.floats)] {
                let (dx, expected) = (Tensor(x.count, random: 5), Tensor(x.count, random: 5))
                fast.pointwise_backward_data(&s, dy.floats, wt.floats, accumulate, mask, dx.floats)
                reference.pointwise_backward_data(&s, dy.floats, wt.floats, accumulate, mask, expected.floats)
                #expect(dx.error(expected) < Self.directError)
            }
        }

        let (dw, dbias) = (Tensor(w.count, random: 6), Tensor(outputs, random: 7))
        let (expectedWeights, expectedBias) = (Tensor(w.count, random: 6), Tensor(outputs, random: 7))
        fast.pointwise_backward_weights(&s, x.floats, dy.floats, dw.floats, dbias.floats)
        reference.pointwise_backward_weights(&s, x.floats, dy.floats, expectedWeights.floats, expectedBias.floats)
        #expect(dw.error(expectedWeights) < Self.directError && dbias.error(expectedBias) < Self.directError)
    }

    struct Map: Sendable {
        var height: Int
        var width: Int
        var inputs = 2
        var outputs = 2
        var images = 3
        var block = 16
    }

    /// Maps whose edges fall on, before and after those of the tiles, down to a single pixel.
    static let maps = [
        Map(height: 16, width: 16, outputs: 4, block: 32), Map(height: 8, width: 8, outputs: 8),
        Map(height: 13, width: 13, inputs: 3),
        Map(height: 5, width: 7), Map(height: 4, width: 4, inputs: 4), Map(height: 6, width: 3, inputs: 1),
        Map(height: 1, width: 1),
        Map(height: 27, width: 10, images: 1), Map(height: 2, width: 9), Map(height: 14, width: 11, block: 32),
    ]

    @Test(arguments: fast, maps) func conv3x3(_ kernels: Kernels, _ map: Map) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let (inputs, outputs, pixels) = (map.inputs * 16, map.outputs * 16, map.height * map.width)
        // The output is the second half of a concatenation, as in a fire module.
        var s = sqz_conv3x3(
            height: Int32(map.height), width: Int32(map.width), in_panels: Int32(map.inputs),
            out_panels: Int32(map.outputs), pools: 0, plain: 0,
            block: Int32(map.block), in_image: inputs * pixels, out_image: 2 * outputs * pixels, least: 0)
        let x = Tensor(inputs * pixels * map.images, random: 1, rectified: true)
        let w = Tensor(9 * inputs * outputs, random: 2)
        let bias = Tensor(outputs, random: 3)
        var unprepared = s
        unprepared.plain = 1
        let work = Tensor(max(sqz_conv3x3_workspace(&s, 1), sqz_conv3x3_workspace(&unprepared, 0)))
        let half = outputs * pixels

        let filters = sqz_conv3x3_filters(Int32(inputs), Int32(outputs))
        let (u, ut) = (Tensor(filters), Tensor(filters))
        let (plain, plainTransposed) = (Tensor(u.count), Tensor(u.count))
        for panel in 0..<s.out_panels {
            fast.conv3x3_prepare(&s, panel, panel + 1, w.floats, u.floats, ut.floats)
        }
        reference.conv3x3_prepare(&s, 0, s.out_panels, w.floats, plain.floats, plainTransposed.floats)

        let tiles = sqz_tiles(s.height) * sqz_tiles(s.width) * Int32(map.images)
        var pooled = s
        pooled.pools = 1
        pooled.out_image = 2 * outputs * (map.height / 2) * (map.width / 2)
        for var s in [s, pooled, unprepared] {
            let weights = s.plain == 0 ? u : w
            let (y, expected) = (Tensor(s.out_image * map.images), Tensor(s.out_image * map.images))
            // In four parts, as several threads would do it.
            for (tileRange, panelRange) in [(0, 0), (0, 1), (1, 0), (1, 1)] as [(Int32, Int32)] {
                var part = sqz_conv3x3_part(
                    first_tile: tileRange * (tiles / 2), last_tile: tileRange == 0 ? tiles / 2 : tiles,
                    first_panel: panelRange * (s.out_panels / 2),
                    last_panel: panelRange == 0 ? s.out_panels / 2 : s.out_panels)
                let half = s.out_image / 2
                fast.conv3x3_forward(&s, &part, x.floats, weights.floats, bias.floats, y.floats + half, work.floats)
                reference.conv3x3_forward(
                    &s, &part, x.floats, plain.floats, bias.floats, expected.floats + half, work.floats)
            }
            #expect(y.error(expected) < Self.winogradError)
        }

        let dy = Tensor(2 * half * map.images, random: 4)
        let (dx, expectedInputs) = (Tensor(x.count, random: 5), Tensor(x.count, random: 5))
        let (du, expectedKernels) = (Tensor(u.count), Tensor(u.count))
        let (dbias, expectedBias) = (Tensor(outputs, random: 6), Tensor(outputs, random: 6))
        let images = Int32(map.images)
        fast.conv3x3_backward(
            &s, images, 0, x.floats, dy.floats + half, ut.floats, dx.floats, du.floats, dbias.floats, work.floats)
        reference.conv3x3_backward(
            &s, images, 0, x.floats, dy.floats + half, plainTransposed.floats, expectedInputs.floats,
            expectedKernels.floats,
            expectedBias.floats, work.floats)
        let (dw, expectedWeights) = (Tensor(w.count), Tensor(w.count))
        fast.conv3x3_finish(&s, du.floats, dw.floats)
        reference.conv3x3_finish(&s, expectedKernels.floats, expectedWeights.floats)
        #expect(dx.error(expectedInputs) < Self.winogradError)
        #expect(dw.error(expectedWeights) < Self.winogradError)
        #expect(dbias.error(expectedBias) < Self.directError)
    }

    @Test(arguments: fast, [(3, 1, 32), (3, 2, 33), (7, 2, 37)])
    func stem(_ kernels: Kernels, _ shape: (kernel: Int, stride: Int, size: Int)) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let size = (shape.size - shape.kernel) / shape.stride + 1
        let taps = 3 * shape.kernel * shape.kernel
        let pitch = (3 * shape.size + 3) / 4 * 4
        var s = sqz_stem(
            kernel: Int32(shape.kernel), stride: Int32(shape.stride), pitch: Int32(pitch), height: Int32(size),
            width: Int32(size), out_panels: 3, out_stride: size * size * 16, least: 0)
        let x = Tensor(pitch * shape.size, random: 1)
        let w = Tensor(48 * taps, random: 2)
        let bias = Tensor(48, random: 3)
        let dy = Tensor(48 * size * size, random: 4)
        let (y, expected) = (Tensor(dy.count), Tensor(dy.count))
        fast.stem_forward(&s, 0, s.height, x.floats, w.floats, bias.floats, y.floats)
        reference.stem_forward(&s, 0, s.height, x.floats, w.floats, bias.floats, expected.floats)
        #expect(y.error(expected) < Self.directError)

        let (dw, dbias) = (Tensor(w.count, random: 5), Tensor(48, random: 6))
        let (expectedWeights, expectedBias) = (Tensor(w.count, random: 5), Tensor(48, random: 6))
        fast.stem_backward(&s, x.floats, dy.floats, dw.floats, dbias.floats)
        reference.stem_backward(&s, x.floats, dy.floats, expectedWeights.floats, expectedBias.floats)
        #expect(dw.error(expectedWeights) < Self.directError && dbias.error(expectedBias) < Self.directError)
    }

    @Test(arguments: fast, [1, 3, 11, 14]) func stem7(_ kernels: Kernels, _ size: Int) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let triples = (size + 2) / 3
        let covered = sqz_stem7_covered(Int32(size))
        var s = sqz_stem(
            kernel: 7, stride: 2, pitch: sqz_input_pitch(covered), height: Int32(size), width: Int32(size),
            out_panels: 3,
            out_stride: size * size * 16, least: 0)
        let x = Tensor(Int(s.pitch * covered), random: 1)
        let w = Tensor(147 * 48, random: 2)
        let bias = Tensor(48, random: 3)
        let work = Tensor(sqz_stem7_workspace(s.pitch, s.width))
        let (u, plain) = (Tensor(sqz_stem7_filters(3)), Tensor(sqz_stem7_filters(3)))
        fast.stem7_prepare(3, w.floats, u.floats)
        reference.stem7_prepare(3, w.floats, plain.floats)
        let (y, expected) = (Tensor(48 * size * size), Tensor(48 * size * size))
        for range in [(0, triples / 2), (triples / 2, triples)] {
            let (first, last) = (Int32(range.0), Int32(range.1))
            fast.stem7_forward(&s, first, last, x.floats, u.floats, bias.floats, y.floats, work.floats)
            reference.stem7_forward(&s, first, last, x.floats, plain.floats, bias.floats, expected.floats, work.floats)
        }
        #expect(y.error(expected) < Self.winogradError)
    }

    @Test(arguments: fast, [16, 7, 1, 18]) func stemPool(_ kernels: Kernels, _ size: Int) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let covered = sqz_stem_pool_covered(Int32(size))
        var s = sqz_stem_pool(pitch: sqz_input_pitch(covered), size: Int32(size), out_panels: 2, least: 0)
        let x = Tensor(Int(s.pitch * covered), random: 1)
        let w = Tensor(27 * 32, random: 2)
        let bias = Tensor(32, random: 3)
        let work = Tensor(sqz_stem_pool_workspace(s.pitch))
        let (u, plain) = (Tensor(sqz_stem_pool_filters(2)), Tensor(sqz_stem_pool_filters(2)))
        fast.stem_pool_prepare(2, w.floats, u.floats)
        reference.stem_pool_prepare(2, w.floats, plain.floats)

        let count = 32 * size * size
        let (y, expected, plainOutput) = (Tensor(count), Tensor(count), Tensor(count))
        var places = [UInt8](repeating: 9, count: count)
        var expectedPlaces = places
        let pairs = Int32((size + 1) / 2)
        for range in [(0, pairs / 2), (pairs / 2, pairs)] as [(Int32, Int32)] {
            fast.stem_pool_forward(
                &s, range.0, range.1, x.floats, u.floats, bias.floats, y.floats, &places, work.floats)
            fast.stem_pool_forward(
                &s, range.0, range.1, x.floats, u.floats, bias.floats, plainOutput.floats, nil, work.floats)
            reference.stem_pool_forward(
                &s, range.0, range.1, x.floats, plain.floats, bias.floats, expected.floats, &expectedPlaces, work.floats
            )
        }
        #expect(y.error(expected) < Self.winogradError)
        #expect(plainOutput.error(y) == 0)
        // Rounding may decide a near tie the other way, seldom.
        #expect(zip(places, expectedPlaces).count { $0 != $1 } <= count / 1_000)

        let dy = Tensor(count, random: 4)
        let (dw, dbias) = (Tensor(w.count, random: 5), Tensor(32, random: 6))
        let (expectedWeights, expectedBias) = (Tensor(w.count, random: 5), Tensor(32, random: 6))
        fast.stem_pool_backward(&s, x.floats, dy.floats, expectedPlaces, dw.floats, dbias.floats, work.floats)
        reference.stem_pool_backward(
            &s, x.floats, dy.floats, expectedPlaces, expectedWeights.floats, expectedBias.floats, work.floats)
        #expect(dw.error(expectedWeights) < Self.directError && dbias.error(expectedBias) < Self.directError)
    }

    /// Moves and picks numbers: the same bits, ties included.
    @Test(arguments: fast, [(2, 16, 8), (3, 13, 6), (3, 14, 7), (2, 9, 4)])
    func maxPool(_ kernels: Kernels, _ shape: (kernel: Int, size: Int, output: Int)) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        var s = sqz_maxpool(
            kernel: Int32(shape.kernel), stride: 2, in_height: Int32(shape.size), in_width: Int32(shape.size),
            out_height: Int32(shape.output), out_width: Int32(shape.output), panels: 2)
        let x = Tensor(32 * shape.size * shape.size, random: 1, rectified: true)
        // Whole numbers tie often, and their sums are exact.
        for i in 0..<x.count { x.floats[i] = (4 * x.floats[i]).rounded() }
        let dy = Tensor(32 * shape.output * shape.output, random: 2)
        for i in 0..<dy.count { dy.floats[i] = (100 * dy.floats[i]).rounded() }
        let (y, expected) = (Tensor(dy.count), Tensor(dy.count))
        for range in [(0, s.out_height / 2), (s.out_height / 2, s.out_height)] {
            fast.maxpool_forward(&s, range.0, range.1, x.floats, y.floats)
        }
        reference.maxpool_forward(&s, 0, s.out_height, x.floats, expected.floats)
        #expect(y.error(expected) == 0)
        let (dx, expectedInputs) = (Tensor(x.count, random: 3), Tensor(x.count, random: 4))
        fast.maxpool_backward(&s, x.floats, y.floats, dy.floats, dx.floats)
        reference.maxpool_backward(&s, x.floats, expected.floats, dy.floats, expectedInputs.floats)
        #expect(dx.error(expectedInputs) == 0)
    }

    @Test(arguments: fast) func elementwise(_ kernels: Kernels) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let (a, b) = (Tensor(1_024, random: 1), Tensor(1_024, random: 2))
        let (y, expected) = (Tensor(1_024), Tensor(1_024))
        fast.add(1_024, a.floats, b.floats, y.floats)
        reference.add(1_024, a.floats, b.floats, expected.floats)
        #expect(y.error(expected) == 0)
        fast.relu_backward(1_024, a.floats, y.floats)
        reference.relu_backward(1_024, a.floats, expected.floats)
        #expect(y.error(expected) == 0)
        let words = (0..<32).map { UInt32(truncatingIfNeeded: $0 &* 0x9E37_79B9 &+ 12_345) }
        fast.dropout(1_024, words, y.floats)
        reference.dropout(1_024, words, expected.floats)
        #expect(y.error(expected) == 0)
        fast.average_forward(64, 1, a.floats, y.floats)
        reference.average_forward(64, 1, a.floats, expected.floats)
        #expect(y.error(expected) < Self.directError)
        fast.average_backward(64, 1, a.floats, b.floats, y.floats)
        reference.average_backward(64, 1, a.floats, b.floats, expected.floats)
        #expect(y.error(expected) < Self.directError)
        fast.average_backward(64, 1, nil, b.floats, y.floats)
        reference.average_backward(64, 1, nil, b.floats, expected.floats)
        #expect(y.error(expected) < Self.directError)
    }

    @Test(arguments: fast) func adam(_ kernels: Kernels) {
        let gradient = Tensor(1_024, random: 1)
        var rule = sqz_adam(step: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, keep: 0.99)
        let (w, m, v) = (Tensor(1_024, random: 2), Tensor(1_024, random: 3), Tensor(1_024, random: 4, rectified: true))
        let (w2, m2, v2) = (
            Tensor(1_024, random: 2), Tensor(1_024, random: 3), Tensor(1_024, random: 4, rectified: true)
        )
        kernels.table.pointee.adam(&rule, 1_024, gradient.floats, w.floats, m.floats, v.floats)
        Self.reference.adam(&rule, 1_024, gradient.floats, w2.floats, m2.floats, v2.floats)
        #expect(w.error(w2) < Self.directError && m.error(m2) < Self.directError && v.error(v2) < Self.directError)
    }

    @Test(arguments: fast) func nesterov(_ kernels: Kernels) {
        let gradient = Tensor(1_024, random: 1)
        var rule = sqz_nesterov(rate: 0.1, momentum: 0.9, decay: 0.05)
        let (w, v) = (Tensor(1_024, random: 2), Tensor(1_024, random: 3))
        let (w2, v2) = (Tensor(1_024, random: 2), Tensor(1_024, random: 3))
        kernels.table.pointee.nesterov(&rule, 1_024, gradient.floats, w.floats, v.floats)
        Self.reference.nesterov(&rule, 1_024, gradient.floats, w2.floats, v2.floats)
        #expect(w.error(w2) < Self.directError && v.error(v2) < Self.directError)
        kernels.table.pointee.follow(0.25, 1_024, gradient.floats, w.floats)
        Self.reference.follow(0.25, 1_024, gradient.floats, w2.floats)
        #expect(w.error(w2) < Self.directError)
    }

    /// Sums of runs of pixels, the last one shorter.
    @Test(arguments: fast, [1, 64, 200]) func batchNormalization(_ kernels: Kernels, _ pixels: Int) {
        let (fast, reference) = (kernels.table.pointee, Self.reference)
        let count = pixels * 32
        let (x, scale, shift) = (Tensor(count, random: 1), Tensor(32, random: 2), Tensor(32, random: 3))
        let factors = Tensor(96, random: 4)
        func sums(_ body: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
            var sums = (0..<64).map(Double.init)
            sums.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
            return sums
        }
        func expectEqual(_ one: [Double], _ other: [Double]) {
            for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-5 * Double(pixels), "\(a) \(b)") }
        }
        expectEqual(
            sums { fast.batch_moments(Int32(pixels), 2, x.floats, $0) },
            sums { reference.batch_moments(Int32(pixels), 2, x.floats, $0) })
        let (y, expected) = (Tensor(count), Tensor(count))
        let (dy, dy2) = (Tensor(count, random: 5), Tensor(count, random: 5))
        for least in [-Float.infinity, 0] {
            fast.batch_forward(Int32(pixels), 2, scale.floats, shift.floats, least, x.floats, y.floats)
            reference.batch_forward(Int32(pixels), 2, scale.floats, shift.floats, least, x.floats, expected.floats)
            #expect(y.error(expected) < Self.directError)
            expectEqual(
                sums {
                    fast.batch_backward_sums(
                        Int32(pixels), 2, scale.floats, shift.floats, least, x.floats, dy.floats, $0)
                },
                sums {
                    reference.batch_backward_sums(
                        Int32(pixels), 2, scale.floats, shift.floats, least, x.floats, dy2.floats, $0)
                })
            #expect(dy.error(dy2) == 0)
            #expect(dy.values.contains(0) == (least == 0))
        }
        fast.batch_backward(Int32(pixels), 2, factors.floats, x.floats, dy.floats, y.floats)
        reference.batch_backward(Int32(pixels), 2, factors.floats, x.floats, dy.floats, expected.floats)
        #expect(y.error(expected) < Self.directError)
    }

    @Test(arguments: fast) func normalization(_ kernels: Kernels) {
        let picture = Pictures.picture(3, size: 32)  // Also read as one of 64×16.
        for (width, height, left, top, size, flip, pitch) in [
            (32, 32, -4, 3, 32, 1, 100), (32, 32, 2, -1, 24, 0, 80), (32, 32, -9, -9, 50, 1, 150),
            (32, 32, 40, 0, 8, 0, 24), (64, 16, 17, -5, 40, 1, 120), (16, 64, -3, 20, 24, 0, 72),
        ] as [(Int32, Int32, Int32, Int32, Int32, Int32, Int32)] {
            for (reversed, fixed) in [(0, 0), (1, 0), (0, 1), (1, 1)] as [(Int32, Int32)] {
                var crop = sqz_crop(
                    width: width, height: height, left: left, top: top, size: size, flip: flip, pitch: pitch,
                    reversed: reversed, fixed: fixed, mean: (104, 117.5, 0), scale: (1 / 57, 0.5, 1 / 58.5))
                let count = Int(size * pitch)
                let (y, expected) = (Tensor(count), Tensor(count))
                // In two parts, as two threads would do it.
                kernels.table.pointee.normalize(&crop, size / 3, size, picture, y.floats)
                kernels.table.pointee.normalize(&crop, 0, size / 3, picture, y.floats)
                Self.reference.normalize(&crop, 0, size, picture, expected.floats)
                #expect(y.error(expected) < Self.directError)
            }
        }
    }
}
