/// Which file's records become which pictures of the data set. It depends only on the files' names and contents: an
/// archive and the folder that it unpacks to give the same data set.
struct ImportPlan {
    enum Split: Int, CaseIterable {
        case train, test
    }

    struct Part {
        let member: ImportSurvey.Member
        let split: Split
        /// Index, in the split, of the first picture or label of the file.
        let start: Int
        let count: Int
    }

    /// Bytes of a picture and its label in a data set.
    private static let exampleBytes = PictureRecord.pictureBytes + DatasetFile.labelBytes

    let format: SourceFormat
    let parts: [Part]
    let trainCount: Int
    let testCount: Int
    /// Class names that came with the files.
    let classes: [String]?

    /// What a data set is made of.
    static var usable: String {
        (FormatReader.all.map(\.files) + [SourceFormat.pictures.officialNames]).joined(separator: ", or ")
    }

    init(_ survey: ImportSurvey, limits: DatasetLimits) throws(DatasetError) {
        let members = survey.members.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        guard let first = members.first else {
            throw DatasetError(.malformed, nil, "no usable file; right would be \(Self.usable)")
        }
        format = first.records.format
        for member in members where member.records.format != format {
            throw DatasetError(
                .malformed, member.identity.displayName,
                """
                it is of the format \(member.records.format.rawValue), but \(first.identity.displayName) is of \
                \(format.rawValue); one data set has one format
                """)
        }
        try Self.refuseTwins(members)

        var parts: [Part] = []
        var counts = [0, 0]
        // Test pictures alone are what there is to train on.
        let isTestOnly = members.allSatisfy(\.isTest)
        for split in Split.allCases {
            let own = members.filter { ($0.isTest && !isTestOnly) == (split == .test) }
            let placed = try Self.place(own, split, limits)
            parts += placed.parts
            counts[split.rawValue] = placed.count
        }
        (trainCount, testCount) = (counts[0], counts[1])
        self.parts = parts
        let total = trainCount + testCount
        guard total <= limits.pictures, total * Self.exampleBytes <= limits.outputBytes else {
            throw Self.tooMany(total, nil, format, limits)
        }
        classes = format.classList.flatMap { survey.classLists[$0] }
    }

    /// Puts files one after the other; where labels have files of their own, the first with pictures goes with the
    /// first with labels, and so on.
    private static func place(
        _ members: [ImportSurvey.Member], _ split: Split, _ limits: DatasetLimits
    ) throws(DatasetError) -> (parts: [Part], count: Int) {
        var parts: [Part] = []
        var end = 0
        let labels = members.filter { $0.records.picture == nil }
        let pictures = members.filter { $0.records.picture != nil }
        let needsLabels = members.contains { $0.records.label == nil || $0.records.picture == nil }
        guard !needsLabels || labels.count == pictures.count else { throw unpaired(pictures, labels) }

        for (index, member) in pictures.enumerated() {
            let count = member.records.count
            // Before the sum, which a hostile archive's sizes would overflow.
            guard count <= limits.pictures else {
                throw tooMany(count, member.identity.displayName, member.records.format, limits)
            }
            parts.append(Part(member: member, split: split, start: end, count: count))
            if needsLabels {
                let own = labels[index]
                guard own.records.count == count else {
                    throw DatasetError(
                        .malformed, own.identity.displayName,
                        """
                        \(DatasetError.count(own.records.count, "label")) for the \
                        \(DatasetError.count(count, "picture")) of \(member.identity.displayName)
                        """)
                }
                parts.append(Part(member: own, split: split, start: end, count: count))
            }
            end += count
        }
        return (parts, end)
    }

    private static func unpaired(
        _ pictures: [ImportSurvey.Member], _ labels: [ImportSurvey.Member]
    ) -> DatasetError {
        let format = (pictures + labels)[0].records.format
        func names(_ members: [ImportSurvey.Member]) -> String {
            members.isEmpty ? "" : " (\(members.map(\.identity.displayName).joined(separator: ", ")))"
        }
        return DatasetError(
            .malformed, nil,
            """
            \(DatasetError.count(pictures.count, "\(format.title) file")) of pictures\(names(pictures)) and \(labels.count) of \
            labels\(names(labels)); right would be pairs such as \(format.officialNames)
            """)
    }

    /// A file there twice, as when a folder holds an archive and what was unpacked from it, would be trained on twice.
    private static func refuseTwins(_ sorted: [ImportSurvey.Member]) throws(DatasetError) {
        for (member, next) in zip(sorted, sorted.dropFirst()) where member.identity.baseName == next.identity.baseName {
            throw DatasetError(
                .malformed, next.identity.displayName,
                "there is already a file of this name: \(member.identity.displayName)")
        }
    }

    private static func tooMany(
        _ count: Int, _ file: String?, _ format: SourceFormat, _ limits: DatasetLimits
    ) -> DatasetError {
        DatasetError(
            .overLimit, file,
            """
            \(count) pictures; at most \(limits.pictures) are taken, and \
            \(limits.outputBytes / exampleBytes) fit into \(limits.outputBytes) bytes
            """)
    }
}

extension ImportSurvey.Member {
    /// By the last component of the path, so that it does not matter where an archive has its folder.
    fileprivate var sortKey: [UInt8] { Array(identity.baseName.utf8) + [0] + Array(identity.displayName.utf8) }

    /// Official names (test_batch.bin, test.bin, t10k-images-idx3-ubyte) have one of these words; what has none is for
    /// training.
    fileprivate var isTest: Bool {
        identity.baseName.lowercased().split { "-_.".contains($0) }.contains { $0 == "test" || $0 == "t10k" }
    }
}
