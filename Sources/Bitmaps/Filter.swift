/// How pixels are weighted in resizing, as Pillow has them.
public enum Filter: String, CaseIterable, Codable, Sendable {
    case bilinear
    case bicubic

    /// Pixels on each side of the centre, where nothing is made smaller.
    var support: Double {
        switch self {
        case .bilinear: 1
        case .bicubic: 2
        }
    }

    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .bilinear: return x < 1 ? 1 - x : 0
        case .bicubic:
            // R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
    }
}
