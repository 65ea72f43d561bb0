#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import SqueezeNet

/// Measures the engine: the median and the best time of a call, in seconds.
///
///     sqz-bench train|classify|int8|start ARCHITECTURE SIZE BATCH THREADS SECONDS [CLASSES [GROUP]]
///     sqz-bench kernels ARCHITECTURE SIZE BATCH SECONDS
///     sqz-bench export ARCHITECTURE SIZE BATCH DIRECTORY
///
/// CLASSES is 10 for squeezenet-cifar and else 1,000. With GROUP training normalizes so many pictures together. `int8` is `classify` in eight bits. `start` is from weights in memory to the first logits. `export` writes weights.bin, input.bin (standardized, N×3×SIZE×SIZE) and logits.bin, for other engines to compute the same.
@main struct SqzBench {
    static let usage = """
        usage: sqz-bench train|classify|int8|start ARCHITECTURE SIZE BATCH THREADS SECONDS [CLASSES [GROUP]]
               sqz-bench kernels ARCHITECTURE SIZE BATCH SECONDS
               sqz-bench export ARCHITECTURE SIZE BATCH DIRECTORY
        """

    let network: Network
    let weights: Weights
    let preprocessing: Preprocessing
    let pictures: [Picture]

    init(_ architecture: Architecture, size: Int, batch: Int, classes: Int?) throws {
        network = try Network(
            architecture, classes: classes ?? (architecture == .squeezenetCIFAR ? 10 : 1_000), inputSize: size)
        weights = Weights(glorotUniformFor: network, seed: 1)
        preprocessing = try Preprocessing(size: size)
        let each = 3 * size * size
        let bytes = UnsafeRawBufferPointer(Self.randomBytes(batch * each))
        pictures = (0..<batch).map { place in
            Picture(
                planes: UnsafeRawBufferPointer(rebasing: bytes[place * each..<(place + 1) * each]), width: size,
                height: size)
        }
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        _ = try Kernels.requireSelected()
        guard arguments.count >= 6, let architecture = Architecture(rawValue: arguments[2]),
            let size = Int(arguments[3]),
            let batch = Int(arguments[4]), batch > 0
        else {
            print(usage)
            exit(64)
        }
        let classes = arguments.count >= 8 ? Int(arguments[7]) : nil
        let group = arguments.count == 9 ? Int(arguments[8]) : 0
        let bench = try SqzBench(architecture, size: size, batch: batch, classes: classes)
        switch arguments[1] {
        case "train", "classify", "int8", "start":
            guard arguments.count == 7 || classes != nil, let threads = Int(arguments[5]),
                let seconds = Double(arguments[6]), let group
            else {
                exit(64)
            }
            let times =
                switch arguments[1] {
                case "train": try bench.train(threads, seconds, group: group)
                case "classify": try bench.classify(threads, seconds)
                case "int8": try bench.classifyInt8(threads, seconds)
                default: try bench.start(threads, seconds)
                }
            print(times[times.count / 2], times[0])
        case "kernels":
            guard let seconds = Double(arguments[5]) else { exit(64) }
            let times = try bench.train(1, 10 * seconds)
            KernelBench(seconds: seconds).run(bench.network, step: times[times.count / 2] / Double(batch))
            QuantizedKernelBench(seconds: seconds).run(bench.network)
        case "export": try bench.export(to: arguments[5])
        default:
            print(usage)
            exit(64)
        }
    }

    func train(_ threads: Int, _ seconds: Double, group: Int = 0) throws -> [Double] {
        var recipe = Recipe.tutorial
        recipe.normalizationGroup = group
        let trainer = try Trainer(
            network: network, preprocessing: preprocessing, recipe: recipe, state: TrainerState(weights: weights),
            seed: 1,
            threads: threads)
        let examples = pictures.indices.map { Example(picture: pictures[$0], label: $0 % network.classes, index: $0) }
        return Self.measure(seconds) { _ = trainer.step(examples, epoch: $0) }
    }

    func classify(_ threads: Int, _ seconds: Double) throws -> [Double] {
        let classifier = try Classifier(
            network: network, weights: weights, preprocessing: preprocessing, threads: threads)
        return Self.measure(seconds) { _ in _ = classifier.classify(pictures) }
    }

    func classifyInt8(_ threads: Int, _ seconds: Double) throws -> [Double] {
        let calibration = try Calibration(
            network: network, weights: weights, preprocessing: preprocessing, threads: threads)
        let quantized = try QuantizedWeights(
            quantizing: weights, of: network, steps: calibration.steps(of: Array(pictures.prefix(8)), by: .maximum))
        let classifier = try Classifier(
            network: network, weights: quantized, preprocessing: preprocessing, threads: threads)
        return Self.measure(seconds) { _ in _ = classifier.classify(pictures) }
    }

    func start(_ threads: Int, _ seconds: Double) throws -> [Double] {
        try Self.measure(seconds) { _ in
            let classifier = try Classifier(
                network: network, weights: weights, preprocessing: preprocessing, threads: threads)
            _ = classifier.classify([pictures[0]])
        }
    }

    func export(to directory: String) throws {
        let classifier = try Classifier(network: network, weights: weights, preprocessing: preprocessing, threads: 1)
        let size = network.inputSize
        var planes: [Float] = []
        for picture in pictures {
            let pixels = preprocessing.input(of: picture)
            for channel in 0..<3 {
                planes += (0..<size * size).map { pixels[$0 * 3 + channel] }
            }
        }
        for (name, values) in [
            ("weights", weights.values), ("input", planes), ("logits", classifier.classify(pictures)),
        ] {
            guard let file = fopen("\(directory)/\(name).bin", "w") else { exit(73) }
            let written = values.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
            guard fclose(file) == 0, written == 4 * values.count else { exit(74) }
        }
    }

    /// Times of single calls, sorted; the first tenth of a second is not counted.
    static func measure(_ seconds: Double, _ body: (Int) throws -> Void) rethrows -> [Double] {
        var times: [Double] = []
        let start = now()
        var calls = 0
        while now() - start < seconds || times.count < 5 {
            let before = now()
            try body(calls)
            let after = now()
            calls += 1
            if before - start > 0.1 { times.append(after - before) }
        }
        return times.sorted()
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    /// Never freed.
    private static func randomBytes(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
        var state: UInt64 = 1
        for index in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[index] = UInt8(truncatingIfNeeded: state >> 56)
        }
        return bytes
    }
}
