/// A name and a value a line.
struct Fields {
    private var lines: [(String, String)] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append((name, value)) }
    }

    func print() {
        let width = lines.map(\.0.count).max() ?? 0
        for (name, value) in lines {
            Output.line(name + String(repeating: " ", count: width - name.count) + "  " + value)
        }
    }
}
