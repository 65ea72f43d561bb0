#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
import SqueezeNet

/// Measures the engine: `sqz-bench train|classify [ARCHITECTURE] [SIZE] [BATCH] [THREADS] [SECONDS]` prints the median time of a
/// call, the best, and pictures a second at the median.
@main struct SqzBench {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        func argument(_ index: Int, _ fallback: String) -> String {
            arguments.count > index ? arguments[arguments.startIndex + index] : fallback
        }
        guard let architecture = Architecture(rawValue: argument(1, "squeezenet-cifar")),
            let size = Int(argument(2, "32")), let batch = Int(argument(3, "128")), let threads = Int(argument(4, "2")),
            let seconds = Double(argument(5, "2")), batch > 0
        else { fatalError("usage: sqz-bench train|classify [ARCHITECTURE] [SIZE] [BATCH] [THREADS] [SECONDS]") }
        _ = try Kernels.requireSelected()
        let classes = architecture == .squeezenetCIFAR ? 10 : 1_000
        let network = try Network(architecture, classes: classes, inputSize: size)
        let weights = Weights(glorotUniformFor: network, seed: 1)
        let preprocessing = try Preprocessing(sourceSize: size, size: size, padding: 4)
        let pictures = randomPictures(batch * preprocessing.pictureBytes)
        defer { pictures.deallocate() }
        let pointers = (0..<batch).map { UnsafePointer(pictures.baseAddress!) + $0 * preprocessing.pictureBytes }

        let times: [Double]
        if argument(0, "") == "train" {
            let trainer = try Trainer(
                network: network, preprocessing: preprocessing, state: TrainerState(weights: weights), seed: 1,
                threads: threads)
            let examples = pointers.indices.map { Example(picture: pointers[$0], label: $0 % classes, index: $0) }
            times = measure(seconds) { _ = trainer.step(examples, epoch: $0) }
        } else {
            let classifier = try Classifier(
                network: network, weights: weights, preprocessing: preprocessing, threads: threads)
            times = measure(seconds) { _ in _ = classifier.classify(pointers) }
        }
        let (best, median) = (times[0], times[times.count / 2])
        print(
            "\(Kernels.selected)\tmedian \(median * 1e3) ms\tbest \(best * 1e3) ms\t\(Double(batch) / median) pictures/s (best \(Double(batch)/best))"
        )
    }

    /// Times of single calls, sorted; the first tenth of a second is not counted.
    static func measure(_ seconds: Double, _ body: (Int) -> Void) -> [Double] {
        var times: [Double] = []
        let start = now()
        var calls = 0
        while now() - start < seconds || times.count < 5 {
            let before = now()
            body(calls)
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

    static func randomPictures(_ count: Int) -> UnsafeMutableBufferPointer<UInt8> {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: count)
        var state: UInt64 = 1
        for index in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[index] = UInt8(truncatingIfNeeded: state >> 56)
        }
        return bytes
    }
}
