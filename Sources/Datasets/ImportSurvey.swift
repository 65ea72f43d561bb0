/// The first pass of an import: what the inputs hold, told by names, sizes and first bytes.
struct ImportSurvey {
    /// A file that takes part in the data set.
    struct Member {
        /// Index of the input.
        let input: Int
        let identity: MemberReader.Member
        let content: Content
    }

    enum Content {
        case cifar(CIFARFormat, count: Int)
        case idx(IDXHeader)
    }

    private(set) var members: [Member] = []
    /// Class names that the inputs brought along, by the name of their file.
    private(set) var classLists: [String: [String]] = [:]

    /// Reads every input once. Files that go with data sets and are no part of them (hidden ones, texts) are passed over.
    init(_ inputs: [InputFile], limits: DatasetLimits) throws(DatasetError) {
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
        if CIFARFormat.allCases.contains(where: { $0.classListName == identity.baseName }) {
            let text = try reader.read(limits.classListBytes + 1)
            let names = try ClassNames.parse(text, file: identity.displayName, limits: limits)
            guard classLists.updateValue(names, forKey: identity.baseName) == nil else {
                throw DatasetError(.malformed, identity.displayName, "a second \(identity.baseName) in one import")
            }
            return
        }
        guard !Self.isAside(identity.baseName) else { return }
        let start = try reader.read(IDXHeader.maximumSize)
        let size: Int
        if let known = identity.size { size = known } else { size = start.count + (try reader.drain()) }
        let content = try Self.content(of: identity, start: start, size: size)
        members.append(Member(input: input, identity: identity, content: content))
    }

    private static func isAside(_ baseName: String) -> Bool {
        baseName.hasPrefix(".") || [".html", ".md", ".md5", ".txt"].contains { baseName.hasSuffix($0) }
    }

    private static func content(
        of identity: MemberReader.Member, start: [UInt8], size: Int
    ) throws(DatasetError) -> Content {
        let name = identity.baseName
        let isIDX =
            name.hasSuffix("-ubyte") || name.hasSuffix(".idx") || !name.hasSuffix(".bin") && IDXHeader.recognizes(start)
        if isIDX {
            return .idx(try IDXHeader(parsing: start, fileSize: size, file: identity.displayName))
        }
        let format = try CIFARFormat(baseName: name, fileSize: size, file: identity.displayName)
        return .cifar(format, count: size / format.recordBytes)
    }
}
