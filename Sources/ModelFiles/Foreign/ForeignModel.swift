internal import SqueezeNet

/// What a file of another program holds, before it is known which of our networks it is.
struct ForeignModel {
    /// What made it, as an answer says it.
    let origin: String
    /// In the file's order.
    let tensors: [ForeignTensor]
    /// What its pictures usually go through.
    let usual: UsualPreprocessing
    /// nil where the file has no names.
    var classes: [String]?
    /// Kernel and stride of layers by our names, where the file has them.
    var windows: [String: (kernel: Int, stride: Int)] = [:]
    /// What a file of Keras says of its layers.
    var keras: KerasConfiguration?
    /// Zeros on each side of the classifier's input.
    var classifierPadding = 0
    /// What the file says that a user should know, a sentence each.
    var remarks: [String] = []
    /// What one of our exported files says of itself beside its weights; nil in files that other programs made.
    var metadata: [String: String]? = nil
    /// Another program has changed the weights of one of our exported files since.
    var isRemade = false
    /// Of one of our exported files of eight bits or fewer: of so many.
    var fewBits: ((Network, _ bits: Int, QuantizedWeights.ActivationBits) throws -> QuantizedWeights)? = nil
    /// Throws where a model's file would not be this one.
    var check: ((ModelFile) throws -> Void)? = nil
}

/// A tensor of another program's file. Its values are read when it is known where they go.
struct ForeignTensor {
    let name: String
    /// What the file calls it, where that is not its name here.
    var label: String? = nil
    /// Where it stands in a file of Keras, with its layer's name among the parts.
    var path: String? = nil
    /// As an error says it.
    let type: String
    /// Weights are [filters, channels, height, width], as PyTorch has them.
    let shape: [Int]
    /// As many as the shape says, row-major. Called only where the shape is one that our networks have.
    let values: () throws -> [Float]

    /// For a message.
    var shown: String { String((label ?? name).prefix(120)) }

    var description: String { "\(shown) is \(type.isEmpty ? "" : type + " ")\(shape.prefix(8))" }
}
