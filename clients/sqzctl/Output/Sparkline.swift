/// A row of small bars: how a number went.
enum Sparkline {
    /// Of at most this many columns; of more values each bar is a mean of some. Where there is no value there is a gap.
    static func text(_ values: [Double?], columns: Int) -> String {
        let bars = bars(values.map { $0.flatMap { $0.isFinite ? $0 : nil } }, columns)
        let known = bars.compactMap(\.self)
        guard let low = known.min(), let high = known.max() else { return "" }
        let levels = Display.isUTF8 ? Array("▁▂▃▄▅▆▇█") : Array("_.:-=+*#")
        return String(
            bars.map { value -> Character in
                guard let value else { return " " }
                // What does not change is in the middle.
                let share = high > low ? (value - low) / (high - low) : 0.5
                return levels[min(Int(share * Double(levels.count)), levels.count - 1)]
            })
    }

    private static func bars(_ values: [Double?], _ columns: Int) -> [Double?] {
        guard values.count > columns, columns > 0 else { return values }
        return (0..<columns).map { column in
            let part = values[column * values.count / columns..<(column + 1) * values.count / columns]
            let known = part.compactMap(\.self)
            return known.isEmpty ? nil : known.reduce(0) { $0 + $1 / Double(known.count) }
        }
    }
}
