import Safetensors
import Varlink

/// Turns a user's files into one data set file.
///
/// Taken are the files that have a reader in `FormatReader.all`, each of them gzipped or not, and tar archives of them; what
/// a file is, is told by its name and its content. The result is a function of the files' names and contents alone: the same
/// data gives the same bytes.
public enum DatasetImport {
    /// Reads `files` twice (what is there, then the records) and writes `output`, which appears only when it is whole.
    ///
    /// - Parameters:
    ///   - classes: Names in the order of the labels. nil takes those that came with the files, else "0", "1", ….
    ///   - progress: Told the number of pictures written so far, many times.
    public static func run(
        files: [SourceFile], classes: [String]?, output: String, limits: DatasetLimits = .standard,
        progress: (Int) -> Void
    ) throws(DatasetError) -> DatasetDescription {
        guard files.count <= limits.files else {
            throw DatasetError(.overLimit, nil, "\(files.count) files; at most \(limits.files) are taken")
        }
        let given = classes.map(ClassNames.tidy)
        if let given { try ClassNames.check(given, file: "classes", limits: limits) }
        let inputs = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let plan = try ImportPlan(try ImportSurvey(inputs, limits: limits), limits: limits)
        let names = if let known = given ?? plan.classes { known } else { try numbers(inputs, plan, limits) }

        let output = try DatasetWriter(path: output, plan, classes: names)
        let none = [Int](repeating: 0, count: names.count)
        var (train, test) = (none, none)
        var written = 0
        try RecordReader(inputs, plan, classCount: names.count, limits: limits).read {
            batch throws(DatasetError) in
            try output.write(batch)
            if batch.split == .train { batch.count(into: &train) } else { batch.count(into: &test) }
            written += batch.pictures.count / plan.format.pictureBytes
            progress(written)
        }
        try output.commit()
        return DatasetDescription(
            format: plan.format, classes: names, trainByClass: train, testByClass: test, height: plan.format.height,
            width: plan.format.width)
    }

    /// "0" up to the greatest label that the files have.
    private static func numbers(
        _ inputs: [SourceFile], _ plan: ImportPlan, _ limits: DatasetLimits
    ) throws(DatasetError) -> [String] {
        var counts = [Int](repeating: 0, count: limits.classes)
        try RecordReader(inputs, plan, classCount: limits.classes, limits: limits).read(where: { $0.label != nil }) {
            batch throws(DatasetError) in
            batch.count(into: &counts)
        }
        return (0...(counts.lastIndex { $0 > 0 } ?? 0)).map(String.init)
    }
}

/// Writes a data set's file, batch by batch in any order.
private struct DatasetWriter {
    private let writer: SafetensorsWriter
    private let pictureBytes: Int

    init(path: String, _ plan: ImportPlan, classes: [String]) throws(DatasetError) {
        pictureBytes = plan.format.pictureBytes
        var splits = [(names: DatasetFile.SplitNames.train, count: plan.trainCount)]
        if plan.testCount > 0 { splits.append((.test, plan.testCount)) }
        // Pictures first: they are multiples of 64 bytes, so that every one of them begins on a cache line.
        let images = splits.map {
            TensorDeclaration(
                name: $0.names.images, type: .uint8, shape: DatasetFile.imagesShape(count: $0.count, plan.format))
        }
        let labels = splits.map {
            TensorDeclaration(name: $0.names.labels, type: .uint16, shape: [$0.count])
        }
        do {
            let classes = String(decoding: try JSON.encode(classes), as: UTF8.self)
            writer = try SafetensorsWriter(
                path: path, tensors: images + labels,
                metadata: [
                    DatasetFile.formatKey: DatasetFile.format,
                    DatasetFile.classesKey: classes,
                    DatasetFile.sourceKey: plan.format.rawValue,
                ])
        } catch {
            throw DatasetError(.unwritable, nil, "\(error)")
        }
    }

    func write(_ batch: RecordBatch) throws(DatasetError) {
        let names = batch.split == .train ? DatasetFile.SplitNames.train : .test
        do {
            try writer.write(batch.pictures, to: names.images, at: batch.start * pictureBytes)
            try writer.write(batch.labels, to: names.labels, at: batch.start * DatasetFile.labelBytes)
        } catch {
            throw DatasetError(.unwritable, nil, "\(error)")
        }
    }

    func commit() throws(DatasetError) {
        do {
            try writer.commit()
        } catch {
            throw DatasetError(.unwritable, nil, "\(error)")
        }
    }
}
