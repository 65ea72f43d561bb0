internal import SqueezeNet

/// What a graph does to bytes before its first convolution: the numbers that the engine makes of a picture's window, bit for bit
/// but for a deviation's last one. A reader knows these nodes again by making them anew.
struct ONNXNormalization {
    /// The value that the nodes take.
    static let input = "pictures"
    /// And the one that they make.
    static let output = "normalized"

    private(set) var builder = ONNXBuilder()

    init(_ preprocessing: Preprocessing) {
        var picture = Self.input
        if preprocessing.channels == .bgr {
            let order = builder.add("channels", .int64, shape: [3], [Int64(2), 1, 0])
            picture = builder.add("Gather", [picture, order], to: "ordered", ["axis": .integer(1)])
        }
        let bytes = cast(picture, to: .float, "floats")
        let mean: String
        let scale: String
        switch preprocessing.normalization {
        case .perChannel(let means, let scales):
            mean = builder.add("mean", .float, shape: [1, 3, 1, 1], means)
            scale = builder.add("scale", .float, shape: [1, 3, 1, 1], scales)
        case .perImage: (mean, scale) = moments(of: picture, count: 3 * preprocessing.size * preprocessing.size)
        }
        let centred = builder.add("Sub", [bytes, mean], to: "centred")
        builder.add("Mul", [centred, scale], to: Self.output)
    }

    /// A picture's own, in double precision, and then rounded as the engine's.
    private mutating func moments(of picture: String, count: Int) -> (mean: String, scale: String) {
        func mean(_ value: String, _ name: String) -> String {
            builder.add("ReduceMean", [value], to: name, ["axes": .integers([1, 2, 3]), "keepdims": .integer(1)])
        }
        let bytes = cast(picture, to: .double, "doubles")
        let average = mean(bytes, "average")
        let difference = builder.add("Sub", [bytes, average], to: "difference")
        let variance = mean(builder.add("Mul", [difference, difference], to: "square"), "variance")
        let deviation = builder.add("Sqrt", [variance], to: "deviation")
        let smallest = builder.add("smallest", .double, shape: [], [1 / Double(count).squareRoot()])
        let divisor = builder.add("Max", [deviation, smallest], to: "divisor")
        let inverse = builder.add("Reciprocal", [divisor], to: "inverse")
        return (cast(average, to: .float, "mean"), cast(inverse, to: .float, "scale"))
    }

    private mutating func cast(_ value: String, to type: ONNXBuilder.DataType, _ name: String) -> String {
        builder.add("Cast", [value], to: name, ["to": .integer(Int(type.rawValue))])
    }
}
