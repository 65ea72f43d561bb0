extension JobKind {
    /// Checks that there is enough in a data set for jobs of this kind.
    /// - Throws: `SqzError.invalidOption`.
    public func check(_ dataset: Dataset) throws {
        func require(_ minimum: Int?, _ count: Int, _ one: String, _ several: String) throws {
            guard let minimum, count < minimum else { return }
            throw SqzError.invalidOption(
                option: "dataset",
                reason: "\(dataset.name) has \(count) \(count == 1 ? one : several), \(name) needs at least \(minimum)")
        }
        try require(minimumPictures, dataset.train + dataset.test, "picture", "pictures")
        try require(minimumClasses, dataset.classes.count, "class", "classes")
    }

    /// Checks that a model which tells `classes` apart may be used on a data set, where the kind asks for that.
    /// - Throws: `SqzError.invalidOption`.
    public func check(_ dataset: Dataset, with model: String, of classes: [String]) throws {
        guard sameClasses == true, let mismatch = Self.mismatch(of: dataset.classes, with: classes) else { return }
        throw SqzError.invalidOption(option: "dataset", reason: "\(dataset.name) does not fit \(model): \(mismatch)")
    }

    /// Why a data set's labels do not mean what a model's mean; nil where they do. A data set without names has numbers for
    /// them, which fit any.
    public static func mismatch(of classes: [String], with trained: [String]) -> String? {
        guard classes.count == trained.count else {
            let are = classes.count == 1 ? "1 class" : "\(classes.count) classes"
            let (own, others) = (Set(classes), Set(trained))
            let alone = [
                ("only it has", classes.filter { !others.contains($0) }),
                ("only the model has", trained.filter { !own.contains($0) }),
            ]
            // Numbers are no names.
            let isNamed = [classes, trained].allSatisfy { $0 != $0.indices.map(String.init) }
            let told = alone.filter { isNamed && !$0.1.isEmpty }.map { words, names in
                let more = names.count > Self.shownClasses ? ", …" : ""
                return "; \(words) \(names.prefix(Self.shownClasses).map(\.printable).joined(separator: ", "))\(more)"
            }
            return "it has \(are), the model was trained for \(trained.count)\(told.joined())"
        }
        let numbers = trained.indices.map(String.init)
        guard classes != numbers, trained != numbers else { return nil }
        let different = classes.indices.filter { classes[$0] != trained[$0] }
        guard !different.isEmpty else { return nil }
        let shown = different.prefix(Self.shownClasses).map {
            "its class \($0) is \(classes[$0].printable), the model's is \(trained[$0].printable)"
        }
        let others = different.count - shown.count
        // The same names in another order are a mistake of another sort.
        let isOrder = classes.sorted() == trained.sorted()
        return """
            \(shown.joined(separator: "; "))\(others > 0 ? "; and \(others) more differ" : "")\
            \(isOrder ? "; they are the same names in another order" : ""); a model is measured on the classes it was \
            trained for
            """
    }

    private static let shownClasses = 5
}
