/// What folders say of pictures: which split each is of, and which class. Leading folders that all pictures share mean nothing.
///
/// `train` beside `test` or `val` are splits, and their folders the classes; else the first folders are the classes. A data set
/// has two splits: where there are both `test` and `val`, pictures to validate are neither trained on nor tested with. What is
/// trained on is only what its user put into `train`, and figures of the test split are comparable with others' on the same
/// data. Where there is no `test`, `val` is the test split.
struct PictureLayout {
    /// What becomes of a picture.
    enum Placement {
        case place(ImportPlan.Split, label: Int)
        case passedOver(PassedOverFiles.Reason)
    }

    /// Names in the order that was given, else in that of their code points, which is the order of their bytes.
    let classes: [String]
    /// Of each path.
    let placements: [Placement]
    /// Leading folders that all paths share.
    let commonFolders: Int

    /// A picture's names from where the data set begins, the last of them its own.
    fileprivate typealias Names = ArraySlice<ArraySlice<UInt8>>

    init(_ paths: [MemberPath], classes: [String]?, limits: DatasetLimits) throws(DatasetError) {
        let names = Self.withoutCommonFolders(paths)
        let isSplit = try Self.hasSplits(names)
        try self.init(
            names.map { Position($0, isSplit: isSplit) }, commonFolders: names.first?.startIndex ?? 0, classes: classes,
            limits: limits
        ) { Self.tooFewClasses($0, isSplit: isSplit) }
    }

    /// - Parameters:
    ///   - positions: nil for a picture that no list names.
    ///   - refusal: what is wrong where there are no two of these classes.
    init(
        _ positions: [Position?], commonFolders: Int, classes given: [String]?, limits: DatasetLimits,
        refusal: ([ArraySlice<UInt8>]) -> DatasetError
    ) throws(DatasetError) {
        let folders = Set(positions.compactMap { $0?.split == .train ? $0?.folder : nil })
            .sorted { $0.lexicographicallyPrecedes($1) }
        guard folders.count > 1 else { throw refusal(folders) }
        let classes = try Self.classes(of: folders, given, limits)
        let labels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { (Array($1.utf8)[...], $0) })
        let hasTest = positions.contains { $0?.split == .test && $0?.folder.flatMap { labels[$0] } != nil }
        self.classes = classes
        self.commonFolders = commonFolders
        placements = positions.map { position in
            guard let position else { return .passedOver(.unlisted) }
            guard let folder = position.folder, let split = position.split else { return .passedOver(.outside) }
            guard let label = labels[folder] else { return .passedOver(.untrained) }
            switch split {
            case .train: return .place(.train, label: label)
            case .validation: return hasTest ? .passedOver(.validation) : .place(.test, label: label)
            case .test: return .place(.test, label: label)
            }
        }
    }

    /// The folders' names, or those that were given, among which they must be.
    private static func classes(
        of folders: [ArraySlice<UInt8>], _ given: [String]?, _ limits: DatasetLimits
    ) throws(DatasetError) -> [String] {
        var classes: [String] = []
        for folder in folders {
            guard let name = String(validating: folder, as: UTF8.self) else {
                throw DatasetError(
                    .malformed, String(decoding: folder, as: UTF8.self),
                    "the name of this class's folder is no UTF-8")
            }
            classes.append(name)
        }
        try ClassNames.check(classes, file: nil, limits: limits)
        try ClassNames.checkPrintable(classes, file: nil)
        guard let given else { return classes }
        let names = Set(given.map { Array($0.utf8) })
        if let stranger = classes.first(where: { !names.contains(Array($0.utf8)) }) {
            throw DatasetError(
                .malformed, "classes",
                """
                there are pictures of the class \(stranger), which is not among \(DatasetError.count(given.count, "name")); \
                right would be the names of all classes, in the order of their labels
                """)
        }
        return given
    }

    private static func withoutCommonFolders(_ paths: [MemberPath]) -> [Names] {
        var names = paths.map { $0.names[...] }
        while let first = names.first?.first, names.allSatisfy({ $0.count > 1 && $0.first == first }),
            names.contains(where: { $0.count > 2 })
        {
            names = names.map { $0.dropFirst() }
        }
        return names
    }

    /// Where a picture lies; its folder, which its class is named for, is nil outside of any class's.
    struct Position {
        let split: SplitWord?
        let folder: ArraySlice<UInt8>?

        init(split: SplitWord, folder: ArraySlice<UInt8>) {
            self.split = split
            self.folder = folder
        }

        fileprivate init(_ names: Names, isSplit: Bool) {
            split = isSplit ? names.first.flatMap { SplitWord($0) } : .train
            let inside = isSplit ? names.dropFirst() : names
            folder = inside.count > 1 ? inside.first : nil
        }
    }

    /// What people call splits.
    enum SplitWord {
        case train, validation, test

        init?(_ name: ArraySlice<UInt8>) {
            switch String(decoding: name, as: UTF8.self).lowercased() {
            case "train", "training", "train_set", "training_set": self = .train
            case "val", "valid", "validation", "val_set", "validation_set": self = .validation
            case "test", "testing", "test_set": self = .test
            default: return nil
            }
        }
    }

    /// Whether the first folders are splits: `train` with folders in it, beside another split, or nothing but splits. A class
    /// may be called so too.
    private static func hasSplits(_ names: [Names]) throws(DatasetError) -> Bool {
        let inFolders = names.filter { $0.count > 1 }
        let firsts = Set(inFolders.compactMap(\.first))
        let words = Set(firsts.compactMap { SplitWord($0) })
        let hasClasses = inFolders.contains { $0.count > 2 && SplitWord($0[$0.startIndex]) == .train }
        if hasClasses && words.count > 1 { return true }
        guard !firsts.isEmpty, firsts.allSatisfy({ SplitWord($0) != nil }) else { return false }
        guard hasClasses else {
            throw DatasetError(
                .malformed, nil,
                words.contains(.train)
                    ? "no picture of train/ lies in a folder of its class; right would be \(rightSplit)"
                    : "there is no train/; right would be \(rightSplit)")
        }
        return true
    }

    private static let right = "a folder for each class with its pictures in it, such as cat/1.jpg and dog/2.jpg"
    private static let rightSplit = "train/cat/1.jpg, train/dog/2.jpg and test/cat/3.jpg"

    private static func tooFewClasses(_ folders: [ArraySlice<UInt8>], isSplit: Bool) -> DatasetError {
        let right = isSplit ? rightSplit : right
        guard let only = folders.first else {
            return DatasetError(.malformed, nil, "no picture lies in a folder of its class; right would be \(right)")
        }
        return DatasetError(
            .malformed, nil,
            "there is one class only, \(String(decoding: only, as: UTF8.self)), and nothing to tell it from; right would be \(right)"
        )
    }
}
