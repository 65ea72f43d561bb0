/// A network's family. The raw values are the words of `--arch` and of model files.
public enum Architecture: String, CaseIterable, Codable, Sendable {
    /// The tutorial's network for 32×32 pictures: 146,570 parameters for 10 classes.
    case squeezenetCIFAR = "squeezenet-cifar"
    /// SqueezeNet 1.0 (Iandola et al., arXiv 1602.07360), as torchvision builds it.
    case squeezenet10 = "squeezenet-1.0"
    /// SqueezeNet 1.1, as torchvision builds it.
    case squeezenet11 = "squeezenet-1.1"
}

/// Connections around fire modules (arXiv 1602.07360, figure 2).
public enum Bypass: String, CaseIterable, Codable, Sendable {
    /// No bypass.
    case none
    /// A fire module with as many outputs as inputs adds its input to its output.
    case simple
    /// As `simple`, and the other fire modules add a 1×1 convolution of their input.
    case complex
}
