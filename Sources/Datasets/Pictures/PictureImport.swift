internal import Bitmaps

extension SourceFormat {
    /// Pictures of any size and format, as squares; every data set has its own size.
    public static let pictures = SourceFormat(
        rawValue: "pictures", side: nil,
        officialNames: "a folder of PNG, JPEG or WebP pictures with a folder for each class, or its zip or tar archive")
}

/// Makes a data set of a plan's pictures.
struct PictureImport {
    private let plan: PicturePlan
    /// Those of the plan's pictures that were read, by their places.
    private let kept: [Int]
    private let spool: SquareSpool

    static func run(
        _ tree: PictureTree, _ plan: PicturePlan, skipsUnreadable: Bool, output: String, threads: Int,
        limits: DatasetLimits, progress: (ImportNews) -> Void
    ) throws(DatasetError) -> ImportResult {
        let spool = try SquareSpool(path: output + ".squares", squareBytes: plan.squareBytes)
        let total = plan.pictures.count
        let decoded = try PictureDecoding.run(tree, plan, into: spool, threads: threads, limits: limits) {
            progress(.pictures($0, of: total))
        }
        let unreadable = decoded.problems.map { place, problem in
            UnreadableFile(file: "\(plan.pictures[place].candidate.entry.path)", reason: problem)
        }.sorted { $0.file.utf8.lexicographicallyPrecedes($1.file.utf8) }
        if let first = unreadable.first {
            progress(.unreadable(unreadable))
            guard skipsUnreadable else { throw refusal(first, count: unreadable.count) }
        }
        let kept = plan.pictures.indices.filter { decoded.problems[$0] == nil }
        guard kept.contains(where: { plan.pictures[$0].split == .train }) else {
            throw DatasetError(.malformed, unreadable.first?.file, "none of the training pictures can be read")
        }
        let dataset = try PictureImport(plan: plan, kept: kept, spool: spool).write(to: output)
        return ImportResult(
            dataset: dataset,
            summary: PictureSummary(
                size: plan.square.side, fit: plan.square.fit, passedOver: plan.passedOver, unreadable: unreadable.count,
                duplicates: duplicates(plan, kept, decoded.digests)))
    }

    private static func refusal(_ first: UnreadableFile, count: Int) -> DatasetError {
        let others = count == 1 ? "it" : "this and \(DatasetError.count(count - 1, "other picture"))"
        return DatasetError(
            .malformed, first.file, "\(first.reason); --skip-unreadable leaves \(others) out")
    }

    /// Test pictures that are among the training pictures too.
    private static func duplicates(_ plan: PicturePlan, _ kept: [Int], _ digests: [Int]) -> Int {
        func identity(_ place: Int) -> [Int] { [digests[place], plan.pictures[place].candidate.entry.size] }
        let trained = Set(kept.filter { plan.pictures[$0].split == .train }.map(identity))
        return kept.count { plan.pictures[$0].split == .test && trained.contains(identity($0)) }
    }

    private func write(to path: String) throws(DatasetError) -> DatasetDescription {
        let train = kept.filter { plan.pictures[$0].split == .train }
        let test = kept.filter { plan.pictures[$0].split == .test }
        let (trainNames, testNames) = (names(of: train), names(of: test))
        let writer = try DatasetWriter(
            path: path, .pictures, side: plan.square.side, classes: plan.classes, trainCount: train.count,
            testCount: test.count, names: (trainNames.count, testNames.count), fit: plan.square.fit)
        // From the end, so that the disk holds each square once, or little more.
        if !test.isEmpty { try write(test, testNames, to: .test, writer) }
        try write(train, trainNames, to: .train, writer)
        try writer.commit()
        return DatasetDescription(
            format: .pictures, classes: plan.classes, trainByClass: count(train), testByClass: count(test),
            height: plan.square.side, width: plan.square.side, fit: plan.square.fit)
    }

    /// Bytes of squares that are moved at a time.
    private static let blockBytes = 1 << 20

    private func write(
        _ places: [Int], _ names: [UInt8], to tensors: DatasetFile.SplitNames, _ writer: DatasetWriter
    ) throws(DatasetError) {
        let bytes = plan.squareBytes
        let most = max(1, Self.blockBytes / bytes)
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: most * bytes, alignment: 64)
        defer { block.deallocate() }
        for start in stride(from: 0, to: places.count, by: most).reversed() {
            let part = places[start..<min(start + most, places.count)]
            for (index, place) in part.enumerated() {
                try spool.read(place, into: UnsafeMutableRawBufferPointer(rebasing: block[(index * bytes)...]))
            }
            try writer.write(
                UnsafeRawBufferPointer(rebasing: block[..<(part.count * bytes)]), to: tensors.images, at: start * bytes)
            try spool.drop(from: places[start])
        }
        let labels = places.map { UInt16(plan.pictures[$0].label).littleEndian }
        try labels.withUnsafeBufferPointer { labels throws(DatasetError) in
            try writer.write(UnsafeRawBufferPointer(labels), to: tensors.labels)
        }
        try names.withUnsafeBufferPointer { names throws(DatasetError) in
            try writer.write(UnsafeRawBufferPointer(names), to: tensors.names)
        }
    }

    private func names(of places: [Int]) -> [UInt8] {
        places.flatMap { Array(plan.pictures[$0].name.utf8) + [0] }
    }

    private func count(_ places: [Int]) -> [Int] {
        places.reduce(into: [Int](repeating: 0, count: plan.classes.count)) { $0[plan.pictures[$1].label] += 1 }
    }
}
