internal import CSqueezeKernels

/// What the bytes of one picture become: whole numbers by a table, which is made in double precision of whole sums. So it is the
/// same on every machine, and nothing but the table depends on how pictures are normalized.
///
/// The first layer takes a ninth bit beside the sign: what a byte is after standardization, 1/σ apart, then differs by less than a
/// step of most pictures.
struct QuantizedInput {
    private let table: [Int16]
    private var crop: sqz_crop

    /// - Parameters:
    ///   - source: what the preprocessing has made of the picture.
    ///   - step: of the input's numbers.
    init(
        _ source: Picture, _ preprocessing: Preprocessing, isMirrored: Bool, step: Float, pitch: Int
    ) {
        crop = preprocessing.crop(of: source, draw: nil, isMirrored: isMirrored, pitch: pitch)
        let bound = Double(SQZ_INT8_INPUT)
        func numbers(mean: Double, scale: Double) -> [Int16] {
            let factor = scale / Double(step)
            return (0..<256).map { byte in
                Int16(min(bound, max(-bound, ((Double(byte) - mean) * factor).rounded(.toNearestOrEven))))
            }
        }
        switch preprocessing.normalization {
        case .perImage:
            var (sum, squares) = (UInt64(0), UInt64(0))
            sqz_int8_moments(&crop, source.planes.baseAddress!, &sum, &squares)
            let count = UInt64(3 * preprocessing.size * preprocessing.size)
            // N² times the variance is whole, and below 2⁶³ for the largest input.
            let deviation = Double(count * squares - sum * sum).squareRoot() / Double(count)
            let scale = 1 / max(deviation, 1 / Double(count).squareRoot())
            let one = numbers(mean: Double(sum) / Double(count), scale: scale)
            table = one + one + one
        case .perChannel(let mean, let scale):
            table = zip(mean, scale).flatMap { numbers(mean: Double($0), scale: Double($1)) }
        }
    }

    /// Some rows of the input.
    func write(_ source: Picture, rows: Range<Int>, to input: UnsafeMutablePointer<Int16>) {
        var crop = crop
        sqz_int8_input(
            &crop, Int32(rows.lowerBound), Int32(rows.upperBound), source.planes.baseAddress!, table, input)
    }
}
