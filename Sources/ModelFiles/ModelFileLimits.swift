/// What an import of a model can be made to spend. A file's size costs nothing: only tensors that fit one of our networks are read.
enum ModelFileLimits {
    /// Tensors in one file; the largest of our networks has 68.
    static let tensors = 4_096
    /// Values of a tensor's storage, from the first that is used to the last; the largest classifier has 2²⁵.
    static let spannedValues = 1 << 26

    // Pickles, of which a state dict's takes some 20 KB.
    static let pickleBytes = 4 << 20
    /// Values on the stack, and in the memo.
    static let pickleValues = 1 << 17
    /// Tuples in tuples.
    static let pickleDepth = 64
    /// Digits of a number, 8 bits each.
    static let pickleNumberBytes = 8
    /// Bytes of an ONNX file, which is read whole: twice what the largest of our networks has.
    static let onnxBytes = 320 << 20
    /// Messages in messages; a tensor in a graph is in three.
    static let onnxDepth = 16
    /// Bytes of the weights in a `.keras` file, which are read whole: three times, with Adam's moments, what the largest of our networks
    /// has.
    static let kerasBytes = 480 << 20
    /// Of what a `.keras` file says of its layers; SqueezeNet has 60 kB.
    static let kerasConfigurationBytes = 4 << 20
    /// Groups and datasets of an HDF5 file; SqueezeNet with an optimizer has some 400.
    static let kerasObjects = 16_384
    /// Groups in groups; Keras has five.
    static let kerasDepth = 32
    /// What an exported file of ours says of itself as JSON: 65,536 names of classes are 16 MB.
    static let metadataBytes = 32 << 20
    /// Members of a zip archive, each of which costs a look at what is before it; a state dict with its optimizer has some 200.
    static let zipMembers = 4_096

    // A model's history, which goes through the daemon to whoever asks for it.
    static let generations = 16
    /// As JSON.
    static let historyBytes = 64 << 10
    static let historyOptions = 64
    /// Pictures or epochs; the daemon takes no larger numbers of a runner.
    static let historyCount = 1_000_000_000_000
    static let historyRemarks = 32
    /// Of one text in it.
    static let historyTextBytes = 512
}
