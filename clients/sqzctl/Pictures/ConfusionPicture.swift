internal import SqzProtocol

/// Which classes were taken for which, as a picture: a row for each class, a column for each that pictures were put into, from white
/// to dark blue by the share of the row's pictures.
struct ConfusionPicture {
    let width: Int
    let png: [UInt8]

    /// nil where there is nothing to see.
    init?(_ measurement: Measurement, classes: Int) {
        guard (2...Self.mostClasses).contains(classes) else { return nil }
        var counts = Array(repeating: 0, count: classes * classes)
        for cell in measurement.confusion where cell.label < classes && cell.predicted < classes {
            counts[cell.label * classes + cell.predicted] = cell.pictures
        }
        let scale = max(1, Self.side / classes)
        let width = scale * classes
        var pixels = [UInt8](repeating: 0, count: width * width)
        for label in 0..<classes {
            let row = counts[label * classes..<(label + 1) * classes]
            let all = row.reduce(0, +)
            for (predicted, count) in row.enumerated() where count > 0 {
                // What is seldom is seen, too.
                let shade = UInt8(24 + (231 * Double(count) / Double(all)).rounded(.down))
                for y in label * scale..<(label + 1) * scale {
                    for x in predicted * scale..<(predicted + 1) * scale { pixels[y * width + x] = shade }
                }
            }
        }
        self.width = width
        png = PNG.file(width: width, height: width, pixels: pixels, colours: Self.shades)
    }

    /// A pixel a class, in a picture of 1 MB.
    private static let mostClasses = 1_000
    private static let side = 320
    private static let shades: [PNG.Colour] = (0..<256).map { shade in
        func mix(_ dark: Int) -> UInt8 { UInt8(255 - (255 - dark) * shade / 255) }
        return (mix(0), mix(56), mix(112))
    }
}
