/// The first pass of an import: what the inputs hold, told by names, sizes and first bytes.
struct ImportSurvey {
    /// A file that takes part in the data set.
    struct Member {
        /// Index of the input.
        let input: Int
        let identity: MemberReader.Member
        let records: FileRecords
    }

    private(set) var members: [Member] = []
    /// Class names that the inputs brought along, by the name of their file.
    private(set) var classLists: [String: [String]] = [:]

    /// Reads every input once. Files that go with data sets and are no part of them (hidden ones, texts) are passed over.
    init(_ inputs: [SourceFile], limits: DatasetLimits) throws(DatasetError) {
        var files = 0
        for (index, input) in inputs.enumerated() {
            let reader = try MemberReader(input, limits: limits)
            while let identity = try reader.next() {
                files += 1
                guard files <= limits.files else {
                    throw DatasetError(.overLimit, input.name, "more than \(limits.files) files in one import")
                }
                try examine(identity, reader, input: index, limits)
            }
        }
    }

    private mutating func examine(
        _ identity: MemberReader.Member, _ reader: MemberReader, input: Int, _ limits: DatasetLimits
    ) throws(DatasetError) {
        if SourceFormat.all.contains(where: { $0.classList == identity.baseName }) {
            let text = try reader.read(limits.classListBytes + 1)
            let names = try ClassNames.parse(text, file: identity.displayName, limits: limits)
            guard classLists.updateValue(names, forKey: identity.baseName) == nil else {
                throw DatasetError(.malformed, identity.displayName, "a second \(identity.baseName) in one import")
            }
            return
        }
        guard !Self.isAside(identity.baseName) else { return }
        let start = try reader.read(FormatReader.all.map(\.startBytes).reduce(PictureKind.markBytes, max))
        guard !PictureKind.isPicture(start) else {
            throw DatasetError(
                .malformed, identity.displayName,
                "a picture among records, or alone; right would be \(SourceFormat.pictures.officialNames)")
        }
        guard !LabelList.mayBe(identity.baseName) else {
            throw DatasetError(
                .malformed, identity.displayName,
                "a table among records, or alone; right would be the folder in which it lies with its pictures")
        }
        let size: Int
        if let known = identity.size { size = known } else { size = start.count + (try reader.drain()) }
        let records = try FormatReader.reader(of: identity.baseName, start: start).examine(identity, start, size)
        members.append(Member(input: input, identity: identity, records: records))
    }

    private static func isAside(_ baseName: String) -> Bool {
        baseName.hasPrefix(".") || [".html", ".md", ".md5", ".txt"].contains { baseName.hasSuffix($0) }
    }
}
