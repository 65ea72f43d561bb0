internal import Bitmaps
internal import Imaging

/// What becomes of the pictures of a survey: their places in the data set, in the order of split, class and path.
struct PicturePlan {
    struct Picture {
        let candidate: PictureSurvey.Candidate
        let split: ImportPlan.Split
        let label: Int
        /// Its path below the folders that all share, which an archive has and its folder has not.
        let name: String
    }

    let classes: [String]
    let pictures: [Picture]
    let passedOver: [PassedOverFiles]
    let square: Square

    init(
        _ survey: PictureSurvey, _ options: PictureOptions, classes given: [String]?, limits: DatasetLimits
    ) throws(DatasetError) {
        let paths = survey.candidates.map(\.entry.path)
        let layout =
            survey.lists.isEmpty
            ? try Self.layout(paths, beside: survey.otherTable, classes: given, limits: limits)
            : try PictureLayout(paths, survey.lists, classes: given, limits: limits)
        classes = layout.classes
        var passedOver = survey.passedOver
        var pictures: [Picture] = []
        for (candidate, placement) in zip(survey.candidates, layout.placements) {
            switch placement {
            case .place(let split, let label):
                let own = Array(
                    candidate.entry.path.names[layout.commonFolders...].joined(separator: [UInt8(ascii: "/")]))
                pictures.append(
                    Picture(
                        candidate: candidate, split: split, label: label, name: String(decoding: own, as: UTF8.self)))
            case .passedOver(let reason): passedOver.add(candidate.entry.path, reason)
            }
        }
        // Sorted by path already, which a stable sort keeps.
        pictures.sort { ($0.split.rawValue, $0.label) < ($1.split.rawValue, $1.label) }
        self.pictures = pictures
        self.passedOver = passedOver.sorted
        let fit = options.fit ?? .crop
        let size = options.size ?? Self.size(for: pictures.compactMap(\.candidate.header), fit)
        square = Square(fit, side: size)
        guard limits.sides.contains(size) else {
            throw DatasetError(
                .overLimit, nil,
                "a size of \(size); right would be \(limits.sides.lowerBound) to \(limits.sides.upperBound)")
        }
        let (count, bytes) = (pictures.count, squareBytes + DatasetFile.labelBytes)
        guard count <= limits.pictures, count * bytes <= limits.outputBytes else {
            throw DatasetError(
                .overLimit, nil,
                """
                \(count) pictures; at most \(limits.pictures) are taken, and \(limits.outputBytes / bytes) of the size \
                \(size) fit into \(limits.outputBytes) bytes
                """)
        }
    }

    /// By folders. Where these say too little, a table beside them may have been meant to say more.
    private static func layout(
        _ paths: [MemberPath], beside table: MemberPath?, classes: [String]?, limits: DatasetLimits
    ) throws(DatasetError) -> PictureLayout {
        do throws(DatasetError) { return try PictureLayout(paths, classes: classes, limits: limits) } catch {
            guard let table, error.code == .malformed, error.file == nil else { throw error }
            throw DatasetError(
                .malformed, "\(table)",
                "it is no list of labels, which begins with the headings file and label; and \(error.problem)")
        }
    }

    var squareBytes: Int { DatasetFile.planes * square.side * square.side }

    /// No network here takes less than the first, and what is more than the second is more than any takes.
    private static let sizes = 32...256

    /// The side of the middle one of them, that nothing is lost of: of `pad`, the longer one.
    private static func size(for headers: [PictureHeader], _ fit: Fit) -> Int {
        let sides = headers.map { fit == .pad ? max($0.width, $0.height) : min($0.width, $0.height) }.sorted()
        guard !sides.isEmpty else { return sizes.upperBound }
        return max(sizes.lowerBound, min(sides[sides.count / 2], sizes.upperBound))
    }
}
