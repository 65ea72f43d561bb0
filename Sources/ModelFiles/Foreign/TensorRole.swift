/// What a tensor is for, by its name in whichever program: `features.3.squeeze.weight`, `fire2/expand1x1_b` and
/// `module.fire2.expand3x3.conv.weight` are all told.
struct TensorRole: Hashable {
    enum Part: Hashable {
        case stem, head
        /// Of the fire module with this number, which is the program's own.
        case squeeze(Int), expand1(Int), expand3(Int), bypass(Int)
    }

    var part: Part
    let isBias: Bool

    init(part: Part, isBias: Bool) {
        self.part = part
        self.isBias = isBias
    }

    /// - Parameter dimensions: of the tensor; biases have one.
    init?(name: String, dimensions: Int) {
        guard dimensions == 1 || dimensions == 4 else { return nil }
        isBias = dimensions == 1
        let name = name.lowercased()
        for (word, make) in Self.parts {
            guard let range = name.firstRange(of: word) else { continue }
            guard let number = Self.lastNumber(in: name[..<range.lowerBound]) else { return nil }
            guard let make else {
                // Of 1×1 or of 3×3 pixels.
                switch name[range.upperBound...].first(where: \.isNumber) {
                case "1": part = .expand1(number)
                case "3": part = .expand3(number)
                default: return nil
                }
                return
            }
            part = make(number)
            return
        }
        part = Self.headWords.contains { name.contains($0) } ? .head : .stem
    }

    private static let parts: [(String, (@Sendable (Int) -> Part)?)] = [
        ("squeeze1", { .squeeze($0) }), ("expand", nil), ("bypass", { .bypass($0) }), ("squeeze.", { .squeeze($0) }),
        ("squeeze_", { .squeeze($0) }), ("squeeze/", { .squeeze($0) }),
    ]
    private static let headWords = ["classifier", "conv10", "conv_10", "conv_final", "final_conv", "head", "last"]

    private static func lastNumber(in text: Substring) -> Int? {
        let end = text.reversed().drop { !$0.isASCII || !$0.isNumber }
        return Int(String(end.prefix { $0.isASCII && $0.isNumber }.reversed()))
    }

    /// The roles of some tensors, the fire modules counted from 0 whatever the program calls them; none where two have the same.
    static func roles(_ tensors: [(name: String, dimensions: Int)]) -> [TensorRole: Int] {
        let all = tensors.map { TensorRole(name: $0.name, dimensions: $0.dimensions) }
        let numbers = Set(all.compactMap { $0?.part.number }).sorted()
        let places = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
        var roles: [TensorRole: Int] = [:]
        for (index, role) in all.enumerated() {
            guard var role else { continue }
            role.part = role.part.renumbered(places)
            guard roles.updateValue(index, forKey: role) == nil else { return [:] }
        }
        return roles
    }
}

extension TensorRole.Part {
    fileprivate var number: Int? {
        switch self {
        case .stem, .head: nil
        case .squeeze(let number), .expand1(let number), .expand3(let number), .bypass(let number): number
        }
    }

    fileprivate func renumbered(_ places: [Int: Int]) -> Self {
        switch self {
        case .stem, .head: self
        case .squeeze(let number): .squeeze(places[number]!)
        case .expand1(let number): .expand1(places[number]!)
        case .expand3(let number): .expand3(places[number]!)
        case .bypass(let number): .bypass(places[number]!)
        }
    }
}
