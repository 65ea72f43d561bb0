internal import CSqueezeKernels

/// What logits are divided by, so that probabilities say how often they are right: of one number for all that of the least loss (Guo
/// et al., On Calibration of Modern Neural Networks, 2017, section 4.2).
public enum Temperature {
    public static let allowed = 0.01...100.0
    /// How many logits are looked at, of pictures evenly spread where there are more: a quarter of a gigabyte.
    public static let mostLogits = 1 << 26

    /// Picture by picture in one thread: of the same logits it is the same number. The loss is convex in 1 / temperature, so that its
    /// slope has one zero, which Newton's steps find; those that lead out of what brackets it, or do not shrink, halve that instead.
    /// - Parameter labels: of the pictures, whose logits follow each other.
    /// - Throws: `EngineError.temperature` where there is none.
    public static func fitted(to logits: [Float], labels: [Int]) throws(EngineError) -> Double {
        guard !labels.isEmpty else { throw .temperature("there are no pictures to find a temperature with") }
        guard logits.allSatisfy(\.isFinite) else { throw .temperature("some of the model's logits are not finite") }
        let pictures = labels.count == 1 ? "of this one picture" : "of these \(labels.count) pictures"
        var (low, high) = (1 / allowed.upperBound, 1 / allowed.lowerBound)
        guard slope(logits, labels, at: high).first > 0 else {
            throw .temperature(
                """
                the loss \(pictures) falls on where the temperature goes to \(allowed.lowerBound), as it does where all are in their \
                class; right would be more pictures, of which some are not
                """)
        }
        guard slope(logits, labels, at: low).first < 0 else {
            throw .temperature(
                """
                the loss \(pictures) falls on where the temperature goes to \(allowed.upperBound): the logits say nothing of the \
                classes; right would be a model that is better than chance
                """)
        }
        var (factor, step) = (1.0, high - low)
        repeat {
            let (first, second) = slope(logits, labels, at: factor)
            if first < 0 { low = factor } else { high = factor }
            var next = factor - first / second
            if !(low...high).contains(next) || abs(next - factor) > step / 2 { next = (low * high).squareRoot() }
            (factor, step) = (next, abs(next - factor))
        } while step > precision * factor
        return 1 / factor
    }

    /// Finer than a `Float`, which the weights are.
    private static let precision = 1e-10

    /// The loss's derivatives by 1 / temperature.
    private static func slope(_ logits: [Float], _ labels: [Int], at factor: Double) -> (first: Double, second: Double)
    {
        let classes = logits.count / labels.count
        return logits.withUnsafeBufferPointer { logits in
            var (first, second) = (0.0, 0.0)
            for (picture, label) in labels.enumerated() {
                first += sqz_softmax_slope(
                    Int32(classes), logits.baseAddress! + picture * classes, Int32(label), factor, &second)
            }
            return (first, second)
        }
    }
}
