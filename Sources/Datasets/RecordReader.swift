/// Some consecutive pictures or labels, or both, of a split, as the data set's file has them. The bytes are valid during
/// the call that hands them over.
struct RecordBatch {
    let split: ImportPlan.Split
    /// Index, in the split, of the first.
    let start: Int
    /// `Picture.byteCount` each; empty where a file has labels only.
    var pictures = UnsafeRawBufferPointer(start: nil, count: 0)
    /// 2 bytes each, little-endian; empty where a file has pictures only.
    var labels = UnsafeRawBufferPointer(start: nil, count: 0)
    /// The greatest of the labels, if there are any.
    var greatestLabel: Int?
}

/// The second pass of an import: reads the files of a plan and turns their records into the data set's pictures and labels.
final class RecordReader {
    /// Pictures converted at a time: 384 KiB.
    private static let batchSize = 128

    private let inputs: [InputFile]
    private let limits: DatasetLimits
    /// Labels from here on are refused.
    private let classCount: Int
    private let records = UnsafeMutableRawBufferPointer.allocate(
        byteCount: batchSize * CIFARFormat.cifar100.recordBytes, alignment: 16)
    private let pictures = UnsafeMutableRawBufferPointer.allocate(
        byteCount: batchSize * Picture.byteCount, alignment: 16)
    private let labels = UnsafeMutableRawBufferPointer.allocate(
        byteCount: batchSize * DatasetFile.labelBytes, alignment: 16)

    init(_ inputs: [InputFile], classCount: Int, limits: DatasetLimits) {
        self.inputs = inputs
        self.classCount = classCount
        self.limits = limits
    }

    deinit {
        records.deallocate()
        pictures.deallocate()
        labels.deallocate()
    }

    /// Reads `parts` in the order in which the inputs have them.
    func read(
        _ parts: [ImportPlan.Part], visit: (RecordBatch) throws(DatasetError) -> Void
    ) throws(DatasetError) {
        let byInput = Dictionary(grouping: parts, by: \.member.input)
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
        let recordBytes: Int
        switch part.member.content {
        case .cifar(let format, _):
            recordBytes = format.recordBytes
        case .idx(let header):
            recordBytes = header.elementSize
            _ = try reader.read(header.size)
        }
        var done = 0
        while done < part.count {
            let count = min(Self.batchSize, part.count - done)
            let target = UnsafeMutableRawBufferPointer(rebasing: records[..<(count * recordBytes)])
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
        let pictureBytes = UnsafeRawBufferPointer(rebasing: pictures[..<(count * Picture.byteCount)])
        switch part.member.content {
        case .cifar(let format, _):
            for record in 0..<count {
                let pixels = record * format.recordBytes + format.labelBytes
                pictures.baseAddress!.advanced(by: record * Picture.byteCount)
                    .copyMemory(from: records.baseAddress! + pixels, byteCount: Picture.byteCount)
            }
            batch.pictures = pictureBytes
            let strided = (label: format.labelBytes - 1, stride: format.recordBytes)
            try takeLabels(records, strided, count, part, done, into: &batch)
        case .idx(let header):
            switch header.content {
            case .pictures(let side):
                for record in 0..<count {
                    Self.copyGrey(
                        records.baseAddress! + record * header.elementSize, side,
                        to: pictures.baseAddress! + record * Picture.byteCount)
                }
                batch.pictures = pictureBytes
            case .labels:
                try takeLabels(records, (label: 0, stride: 1), count, part, done, into: &batch)
            }
        }
        return batch
    }

    private func takeLabels(
        _ records: UnsafeRawBufferPointer, _ place: (label: Int, stride: Int), _ count: Int, _ part: ImportPlan.Part,
        _ done: Int, into batch: inout RecordBatch
    ) throws(DatasetError) {
        for record in 0..<count {
            let label = records[record * place.stride + place.label]
            guard label < classCount else {
                throw DatasetError(
                    .malformed, part.member.identity.displayName,
                    """
                    record \(done + record) has the label \(label); right for \(classCount) classes would be 0 to \
                    \(classCount - 1)
                    """)
            }
            batch.greatestLabel = max(batch.greatestLabel ?? 0, Int(label))
            labels.storeBytes(
                of: UInt16(label).littleEndian, toByteOffset: record * DatasetFile.labelBytes, as: UInt16.self)
        }
        batch.labels = UnsafeRawBufferPointer(rebasing: labels[..<(count * DatasetFile.labelBytes)])
    }

    /// A grey picture amid a border of zeros, the same in all three planes.
    private static func copyGrey(_ grey: UnsafeRawPointer, _ side: Int, to picture: UnsafeMutableRawPointer) {
        let border = (Picture.side - side) / 2
        picture.initializeMemory(as: UInt8.self, repeating: 0, count: Picture.planeBytes)
        for row in 0..<side {
            (picture + (row + border) * Picture.side + border).copyMemory(from: grey + row * side, byteCount: side)
        }
        for plane in 1..<Picture.planes {
            (picture + plane * Picture.planeBytes).copyMemory(from: picture, byteCount: Picture.planeBytes)
        }
    }

    private func changed(_ part: ImportPlan.Part) -> DatasetError {
        DatasetError(.unreadable, part.member.identity.displayName, "it changed while it was being read")
    }
}
