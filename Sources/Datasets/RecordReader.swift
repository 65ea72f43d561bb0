/// Some consecutive pictures or labels, or both, of a split, as the data set's file has them. The bytes are valid during
/// the call that hands them over.
struct RecordBatch {
    let split: ImportPlan.Split
    /// Index, in the split, of the first.
    let start: Int
    /// `PictureRecord.pictureBytes` each; empty where a file has labels only.
    var pictures = UnsafeRawBufferPointer(start: nil, count: 0)
    /// 2 bytes each, little-endian; empty where a file has pictures only.
    var labels = UnsafeRawBufferPointer(start: nil, count: 0)

    /// Adds the labels to `counts`, which has a place for each class.
    func count(into counts: inout [Int]) {
        for place in stride(from: 0, to: labels.count, by: DatasetFile.labelBytes) {
            counts[Int(UInt16(littleEndian: labels.loadUnaligned(fromByteOffset: place, as: UInt16.self)))] += 1
        }
    }
}

/// The second pass of an import: reads the files of a plan and turns their records into the data set's pictures and labels.
final class RecordReader {
    /// Pictures converted at a time: 384 KiB of CIFAR's.
    private static let batchSize = 128

    private let inputs: [SourceFile]
    private let parts: [ImportPlan.Part]
    private let pictureBytes: Int
    private let limits: DatasetLimits
    /// Labels from here on are refused.
    private let classCount: Int
    private let records: UnsafeMutableRawBufferPointer
    private let pictures: UnsafeMutableRawBufferPointer
    private let labels: UnsafeMutableRawBufferPointer

    init(_ inputs: [SourceFile], _ plan: ImportPlan, classCount: Int, limits: DatasetLimits) {
        func batch(of bytes: Int) -> UnsafeMutableRawBufferPointer {
            .allocate(byteCount: Self.batchSize * bytes, alignment: 16)
        }
        self.inputs = inputs
        parts = plan.parts
        pictureBytes = PictureRecord.pictureBytes
        self.classCount = classCount
        self.limits = limits
        records = batch(of: parts.map(\.member.records.bytes).reduce(0, max))
        pictures = batch(of: pictureBytes)
        labels = batch(of: DatasetFile.labelBytes)
    }

    deinit {
        records.deallocate()
        pictures.deallocate()
        labels.deallocate()
    }

    /// Reads the files of the plan, or those that are wanted, in the order in which the inputs have them.
    func read(
        where isWanted: (FileRecords) -> Bool = { _ in true }, visit: (RecordBatch) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let byInput = Dictionary(grouping: parts.filter { isWanted($0.member.records) }, by: \.member.input)
        for (index, input) in inputs.enumerated() {
            guard let wanted = byInput[index] else { continue }
            let byOrdinal = Dictionary(uniqueKeysWithValues: wanted.map { ($0.member.identity.ordinal, $0) })
            let reader = try MemberReader(input, limits: limits)
            var found = 0
            while let member = try reader.next() {
                guard let part = byOrdinal[member.ordinal] else { continue }
                guard member.displayName == part.member.identity.displayName else { throw changed(part) }
                try read(part, reader, visit)
                found += 1
            }
            guard found == wanted.count else { throw changed(wanted[0]) }
        }
    }

    private func read(
        _ part: ImportPlan.Part, _ reader: MemberReader, _ visit: (RecordBatch) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        _ = try reader.read(part.member.records.headerBytes)
        var done = 0
        while done < part.count {
            let count = min(Self.batchSize, part.count - done)
            let target = UnsafeMutableRawBufferPointer(rebasing: records[..<(count * part.member.records.bytes)])
            guard try reader.read(into: target) == target.count else { throw changed(part) }
            try visit(convert(UnsafeRawBufferPointer(target), count, part, done))
            done += count
        }
        // Reading on to the end also has a gzip checksum verified.
        guard try reader.read(1).isEmpty else { throw changed(part) }
    }

    /// The batch that `count` records are, of which the first is number `done` of its file.
    private func convert(
        _ records: UnsafeRawBufferPointer, _ count: Int, _ part: ImportPlan.Part, _ done: Int
    ) throws(DatasetError) -> RecordBatch {
        var batch = RecordBatch(split: part.split, start: part.start + done)
        let format = part.member.records
        if let convert = format.picture {
            for record in 0..<count {
                convert(
                    UnsafeRawBufferPointer(rebasing: records[(record * format.bytes)...].prefix(format.bytes)),
                    UnsafeMutableRawBufferPointer(rebasing: pictures[(record * pictureBytes)...].prefix(pictureBytes)))
            }
            batch.pictures = UnsafeRawBufferPointer(rebasing: pictures[..<(count * pictureBytes)])
        }
        if let place = format.label {
            for record in 0..<count {
                let label = records[record * format.bytes + place]
                guard label < classCount else {
                    throw DatasetError(
                        .malformed, part.member.identity.displayName,
                        """
                        record \(done + record) has the label \(label); right for \
                        \(DatasetError.count(classCount, "class", "classes")) would be \
                        \(classCount == 1 ? "0" : "0 to \(classCount - 1)")
                        """)
                }
                labels.storeBytes(
                    of: UInt16(label).littleEndian, toByteOffset: record * DatasetFile.labelBytes, as: UInt16.self)
            }
            batch.labels = UnsafeRawBufferPointer(rebasing: labels[..<(count * DatasetFile.labelBytes)])
        }
        return batch
    }

    private func changed(_ part: ImportPlan.Part) -> DatasetError {
        DatasetError(.unreadable, part.member.identity.displayName, "it changed while it was being read")
    }
}
