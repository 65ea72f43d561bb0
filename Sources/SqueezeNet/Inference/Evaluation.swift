internal import CSqueezeKernels

/// What a network made of labelled pictures.
public struct Evaluation: Codable, Equatable, Sendable {
    /// Sum of the pictures' losses; not finite where a logit was not.
    public var lossSum: Double
    /// How many pictures the network put into their class.
    public var correct: Int
    public var count: Int

    public init(lossSum: Double = 0, correct: Int = 0, count: Int = 0) {
        self.lossSum = lossSum
        self.correct = correct
        self.count = count
    }

    public var meanLoss: Double { lossSum / Double(count) }
    public var accuracy: Double { Double(correct) / Double(count) }

    /// Adds one picture.
    /// - Precondition: the label is a class.
    public mutating func add(logits: ArraySlice<Float>, label: Int) {
        logits.withUnsafeBufferPointer { add($0, label: label, scale: 0, gradient: nil) }
    }

    /// Adds one picture. `gradient`, if given, becomes that of its loss times `weight` and `scale`.
    /// - Parameters:
    ///   - smoothing: the share of the target that is spread over all classes.
    ///   - weight: by how much its loss counts.
    ///   - teacher: logits of another network, and how much they have to say.
    mutating func add(
        _ logits: UnsafeBufferPointer<Float>, label: Int, smoothing: Float = 0, weight: Float = 1, scale: Float,
        teacher: (logits: UnsafePointer<Float>, rule: Distillation)? = nil, gradient: UnsafeMutablePointer<Float>?
    ) {
        precondition(logits.indices.contains(label))
        let classes = Int32(logits.count)
        let own = 1 - (teacher?.rule.share ?? 0)
        var loss =
            Double(own)
            * sqz_softmax_loss(classes, logits.baseAddress!, Int32(label), smoothing, own * weight * scale, gradient)
        if let (teacher, rule) = teacher {
            loss +=
                Double(rule.share)
                * sqz_distillation_loss(
                    classes, logits.baseAddress!, teacher, rule.temperature, rule.share * weight * scale, gradient)
        }
        lossSum += Double(weight) * loss
        // The first of equals.
        var best = 0
        for candidate in logits.indices where logits[candidate] > logits[best] { best = candidate }
        correct += best == label ? 1 : 0
        count += 1
    }

    public static func += (sum: inout Evaluation, part: Evaluation) {
        sum.lossSum += part.lossSum
        sum.correct += part.correct
        sum.count += part.count
    }
}
