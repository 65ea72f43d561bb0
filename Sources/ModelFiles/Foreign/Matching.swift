internal import SqueezeNet

/// Finds which of our networks some tensors are: by their names, whatever comes before these, then by what the names mean, then by
/// order; where no name says anything, by order among those of the same shape.
struct Matching {
    /// With as many classes as the tensors have, at an input of the usual size.
    let network: Network
    /// For each of the network's parameters the index of its tensor, nil where there is none.
    private let places: [Int?]
    private let tensors: [ForeignTensor]

    /// - Throws: `ModelFileError`, which names the first tensor that does not fit, and the network that comes nearest.
    init(_ tensors: [ForeignTensor]) throws {
        guard !tensors.isEmpty else { throw ModelFileError("it has no tensors") }
        guard tensors.count <= ModelFileLimits.tensors else {
            throw ModelFileError("it has \(tensors.count) tensors; at most \(ModelFileLimits.tensors) are read")
        }
        let candidates = try Candidates(tensors)
        let best = candidates.nearest()
        (network, places, self.tensors) = (best.network, best.places, tensors)
        if let misfit = misfit() { throw misfit }
    }

    /// All values, in the order of the network's parameters.
    func weights() throws -> Weights {
        var values: [Float] = []
        values.reserveCapacity(network.parameterCount)
        for (parameter, place) in zip(network.parameters, places) {
            let tensor = tensors[place!]
            let read = try tensor.values()
            precondition(read.count == parameter.count, "\(tensor.name) has not its values")
            guard read.allSatisfy(\.isFinite) else {
                throw ModelFileError("\(tensor.shown) has values that are not finite")
            }
            guard parameter.shape.count == 1 || read.contains(where: { $0 != 0 }) else {
                throw ModelFileError("\(tensor.shown) is nothing but zeros")
            }
            values += read
        }
        return try Weights(network, values: values)
    }

    /// Where in the file the weights of our layers stand, by these' names.
    var paths: [String: String] {
        let suffix = ".weight"
        let all = zip(network.parameters, places).compactMap { parameter, place in
            place.flatMap { tensors[$0].path }.flatMap { path in
                parameter.name.hasSuffix(suffix) ? (String(parameter.name.dropLast(suffix.count)), path) : nil
            }
        }
        return Dictionary(uniqueKeysWithValues: all)
    }

    private func misfit() -> ModelFileError? {
        let nearest = "\(network.title), the nearest of our networks,"
        for (parameter, place) in zip(network.parameters, places) {
            guard let place else {
                // How many classes there are, the classifier's weights would say.
                let shape =
                    parameter.name == "classifier.1.weight"
                    ? "[classes, \(parameter.shape.dropFirst().map(String.init).joined(separator: ", "))]"
                    : "\(parameter.shape)"
                return ModelFileError("it has no \(parameter.name), which in \(nearest) is \(shape)")
            }
            guard tensors[place].shape == parameter.shape else {
                return ModelFileError(
                    "\(tensors[place].description); in \(nearest) \(parameter.name) is \(parameter.shape)")
            }
        }
        let used = Set(places.compactMap { $0 })
        guard let stranger = tensors.indices.first(where: { !used.contains($0) }) else { return nil }
        return ModelFileError("\(tensors[stranger].description), which \(nearest) does not have")
    }
}

/// Our networks, and what of some tensors each would take.
private struct Candidates {
    private let tensors: [ForeignTensor]
    private let byName: [String: Int]
    private let byRole: [TensorRole: Int]
    private let byOrder: [[Int]]
    /// Weights of a shape, each before its bias.
    private let byShape: [[Int]: [Int]]
    /// How many there may be, the likeliest first: where no name says which is the classifier, it may stand anywhere.
    private let classes: [Int]

    init(_ tensors: [ForeignTensor]) throws {
        self.tensors = tensors
        let names = Self.withoutPrefixes(tensors.map(\.name))
        byName = Dictionary(zip(names, tensors.indices)) { first, _ in first }
        byRole = TensorRole.roles(zip(names, tensors).map { ($0, $1.shape.count) })
        let indices = Array(tensors.indices)
        byOrder = [1, 4].map { dimensions in indices.filter { tensors[$0].shape.count == dimensions } }
        byShape = Dictionary(grouping: byOrder[1]) { tensors[$0].shape }
        let head = byName["classifier.1.weight"] ?? byRole[TensorRole(head: ())] ?? byOrder[1].last
        // Where there is no classifier to count, what else does not fit is told.
        let likeliest = head.flatMap { tensors[$0].shape.first } ?? 2
        let others =
            head == byOrder[1].last
            ? byOrder[1].map { tensors[$0].shape }.filter { $0[2...] == [1, 1] }.map { $0[0] } : []
        classes =
            [likeliest]
            + Set(others).subtracting([likeliest]).filter(Network.allowedClasses.contains).sorted()
            .prefix(Self.mostClasses)
        guard Network.allowedClasses.contains(likeliest) else {
            throw ModelFileError(
                "\(tensors[head!].description); a classifier of \(Network.allowedClasses.lowerBound) to \(Network.allowedClasses.upperBound) classes would be right"
            )
        }
    }

    /// Numbers of classes to try; the fire modules of a network have six numbers of filters of 1×1.
    private static let mostClasses = 12

    /// The one of which most parameters fit; of several, the one with the fewest that are missing.
    func nearest() -> (network: Network, places: [Int?]) {
        var best: (network: Network, places: [Int?], fits: Int)?
        for network in networks {
            for places in ways(network) {
                let fits = zip(network.parameters, places).count { parameter, place in
                    place.map { tensors[$0].shape == parameter.shape } ?? false
                }
                let isBetter =
                    best.map {
                        (fits, -network.parameters.count) > ($0.fits, -$0.network.parameters.count)
                    } ?? true
                if isBetter { best = (network, places, fits) }
            }
        }
        return (best!.network, best!.places)
    }

    /// At the sizes of ImageNet's pictures and of CIFAR's, as the stem of 1.0 differs between these.
    private var networks: [Network] {
        classes.flatMap { classes in
            Architecture.allCases.flatMap { architecture in
                Bypass.allCases.flatMap { bypass in
                    (architecture == .squeezenetCIFAR ? [32] : [224, 32]).flatMap { size in
                        do {
                            return try widths(architecture).map {
                                try Network(architecture, width: $0, bypass: bypass, classes: classes, inputSize: size)
                            }
                        } catch { preconditionFailure("\(error)") }
                    }
                }
            }
        }
    }

    /// Those that a first convolution, which alone has three inputs, may be of; 1 where there is none.
    private func widths(_ architecture: Architecture) throws -> [Int] {
        let usual = try Network(architecture, classes: classes[0], inputSize: 224).parameters[0].shape[0]
        let widths = Network.allowedWidths.filter { width in
            tensors.contains { $0.shape.count == 4 && $0.shape[..<2] == [width * usual, 3] }
        }
        return widths.isEmpty ? [1] : widths
    }

    private func ways(_ network: Network) -> [[Int?]] {
        let parameters = network.parameters
        let named = parameters.map { byName[$0.name] }
        let roles = TensorRole.roles(parameters.map { ($0.name, $0.shape.count) })
        var meant = [Int?](repeating: nil, count: parameters.count)
        for (role, index) in roles { meant[index] = byRole[role] }
        var next = [0, 0]
        let ordered = parameters.map { parameter -> Int? in
            let kind = parameter.shape.count == 1 ? 0 : 1
            defer { next[kind] += 1 }
            return next[kind] < byOrder[kind].count ? byOrder[kind][next[kind]] : nil
        }
        // Names that say something else than shapes are believed, and told of.
        let isUnnamed = byRole.isEmpty && !named.contains { $0 != nil }
        return [named, meant, ordered] + (isUnnamed ? [shaped(parameters)] : [])
    }

    private func shaped(_ parameters: [Network.Parameter]) -> [Int?] {
        var taken: [[Int]: Int] = [:]
        var places: [Int?] = []
        for parameter in parameters {
            if parameter.shape.count == 1 {
                // Behind its weights, as in our networks.
                let bias = places.last.flatMap { $0 }.map { $0 + 1 }
                places.append(bias.flatMap { tensors.indices.contains($0) && tensors[$0].shape.count == 1 ? $0 : nil })
            } else {
                let number = taken[parameter.shape, default: 0]
                let all = byShape[parameter.shape] ?? []
                places.append(number < all.count ? all[number] : nil)
                taken[parameter.shape] = number + 1
            }
        }
        return places
    }

    /// Such as programs put before all names, or before those of a part.
    private static let prefixes = ["module.", "model.", "_orig_mod.", "net.", "network.", "backbone.", "squeezenet."]

    private static func withoutPrefixes(_ names: [String]) -> [String] {
        let plain = names.map { name in
            var rest = name[...]
            while let prefix = prefixes.first(where: { rest.hasPrefix($0) }) { rest = rest.dropFirst(prefix.count) }
            return String(rest)
        }
        // What all have in common says nothing of any.
        guard let first = plain.first?.split(separator: ".").first.map({ $0 + "." }), plain.count > 1,
            plain.allSatisfy({ $0.hasPrefix(first) })
        else { return plain }
        return plain.map { String($0.dropFirst(first.count)) }
    }
}

extension TensorRole {
    /// The classifier's weights.
    fileprivate init(head: ()) { self.init(part: .head, isBias: false) }
}

extension Network {
    /// As a sentence says it.
    var title: String { bypass == .none ? name : "\(name) with \(bypass.rawValue) bypass" }
}
