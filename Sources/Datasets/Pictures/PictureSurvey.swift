internal import Imaging

/// The first pass over a tree of pictures: what there is, told by names, sizes and first bytes.
struct PictureSurvey {
    /// A file that is a picture, or should be one.
    struct Candidate {
        let entry: PictureTree.Entry
        /// nil where it can't be read.
        let header: PictureHeader?
        /// Why it can't be.
        let problem: String?
    }

    /// By their paths.
    private(set) var candidates: [Candidate] = []
    /// By their paths too.
    private(set) var lists: [LabelList] = []
    /// The first table by its path that is no list of labels, though its user may think so.
    private(set) var otherTable: MemberPath?
    private(set) var passedOver = PassedOverCounts()

    /// nil for a tree without pictures, or with records.
    init?(_ tree: PictureTree, limits: DatasetLimits) throws(DatasetError) {
        var files = 0
        var hasRecords = false
        var found = PictureSurvey()
        try tree.survey(limits: limits) { entry, start throws(DatasetError) in
            files += 1
            guard files <= limits.treeFiles else {
                throw DatasetError(.overLimit, nil, "more than \(limits.treeFiles) files in one import")
            }
            try entry.path.check(limits)
            guard !entry.isFile || !PictureKind.hasRecordName(entry.path) else {
                hasRecords = true
                return false
            }
            try found.add(entry, start, limits)
            return true
        }
        guard !hasRecords, !found.candidates.isEmpty else { return nil }
        found.candidates.sort { $0.entry.path < $1.entry.path }
        found.lists.sort { $0.path < $1.path }
        for (candidate, next) in zip(found.candidates, found.candidates.dropFirst())
        where candidate.entry.path == next.entry.path {
            throw DatasetError(.malformed, "\(next.entry.path)", "the archive has two files of this name")
        }
        self = found
    }

    private init() {}

    private mutating func add(
        _ entry: PictureTree.Entry, _ start: (Int) throws(DatasetError) -> [UInt8], _ limits: DatasetLimits
    ) throws(DatasetError) {
        if PictureKind.isHidden(entry.path) { return passedOver.add(entry.path, .hidden) }
        guard entry.isFile else { return passedOver.add(entry.path, .link) }
        guard entry.size > 0 else { return passedOver.add(entry.path, .empty) }
        do throws(DatasetError) {
            if entry.size <= limits.labelListBytes, LabelList.mayBe(entry.path) {
                if let list = try LabelList(entry.path, try start(entry.size)) { return lists.append(list) }
                otherTable = min(otherTable ?? entry.path, entry.path)
            }
            let kind = try start(PictureKind.startBytes).withUnsafeBytes { PictureKind(entry.path, start: $0) }
            switch kind {
            case .passedOver(let reason): passedOver.add(entry.path, reason)
            case .unreadable(let problem): addUnreadable(entry, problem)
            case .picture where entry.size > limits.pictureFileBytes:
                addUnreadable(entry, "it has \(entry.size) bytes; at most \(limits.pictureFileBytes) are read")
            case .picture: try addPicture(entry, start)
            }
        } catch {
            switch error.code {
            // Without its list, a folder would be something else.
            case .damaged where !LabelList.mayBe(entry.path): addUnreadable(entry, error.problem)
            // What can't even be opened is known by its name alone.
            case .unreadable where PictureKind.hasPictureName(entry.path): addUnreadable(entry, error.problem)
            default: throw error
            }
        }
    }

    /// What is asked for first: most pictures say their size in there.
    private static let headerBytes = 64 << 10

    private mutating func addPicture(
        _ entry: PictureTree.Entry, _ start: (Int) throws(DatasetError) -> [UInt8]
    ) throws(DatasetError) {
        for count in [Self.headerBytes, entry.size] {
            let bytes = try start(min(count, entry.size))
            do throws(ImagingError) {
                let header = try bytes.withUnsafeBufferPointer { bytes throws(ImagingError) in
                    try PictureHeader(of: UnsafeRawBufferPointer(bytes))
                }
                candidates.append(Candidate(entry: entry, header: header, problem: nil))
                return
            } catch {
                if error.code == .cutOff, bytes.count < entry.size { continue }
                return addUnreadable(entry, "\(error)")
            }
        }
    }

    private mutating func addUnreadable(_ entry: PictureTree.Entry, _ problem: String) {
        candidates.append(Candidate(entry: entry, header: nil, problem: problem))
    }
}
