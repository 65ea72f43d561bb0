import Safetensors
import Varlink

/// Turns a user's files into one data set file.
///
/// Taken are the files that have a reader in `FormatReader.all`, each of them gzipped or not, archives of them, and a folder
/// or an archive of pictures; what a file is, is told by its name and its content. The result is a function of the files' names
/// and contents alone: the same data gives the same bytes.
public enum DatasetImport {
    /// To be called before the process is confined: what an import needs of the system's files.
    public static func prepare() { ArchiveReader.readNamesAsUTF8() }

    /// Reads `files` twice (what is there, then the pictures) and writes `output`, which appears only when it is whole.
    ///
    /// - Parameters:
    ///   - files: Among them folders, of which the files are meant, and if there is one only, all that is below it.
    ///   - classes: Names in the order of the labels. nil takes those that came with the files, else "0", "1", …. Of pictures,
    ///     whose classes have names, it gives the order; there may be more of them.
    ///   - pictures: Of no use to records, whose pictures stay as they are.
    ///   - progress: Told the number of pictures written so far, many times.
    public static func run(
        files: [SourceFile], classes: [String]?, pictures: PictureOptions = PictureOptions(), output: String,
        threads: Int = 1, limits: DatasetLimits = .standard, progress: (ImportNews) -> Void
    ) throws(DatasetError) -> ImportResult {
        let given = classes.map(ClassNames.tidy)
        if let given {
            try ClassNames.check(given, file: "classes", limits: limits)
            try ClassNames.checkPrintable(given, file: "classes")
        }
        if files.count == 1, let tree = try PictureTree(files[0], limits: limits),
            let survey = try PictureSurvey(tree, limits: limits)
        {
            return try PictureImport.run(
                tree, try PicturePlan(survey, pictures, classes: given, limits: limits),
                skipsUnreadable: pictures.skipsUnreadable, output: output, threads: threads, limits: limits,
                progress: progress)
        }
        var inputs: [SourceFile] = []
        for file in files {
            if let folder = try FolderReader(file) {
                inputs += try folder.files(below: file.path)
            } else {
                inputs.append(file)
            }
        }
        guard inputs.count <= limits.files else {
            throw DatasetError(.overLimit, nil, "\(inputs.count) files; at most \(limits.files) are taken")
        }
        let dataset = try importRecords(inputs, given, pictures, output, limits, progress)
        return ImportResult(dataset: dataset, summary: nil)
    }

    private static func importRecords(
        _ files: [SourceFile], _ given: [String]?, _ pictures: PictureOptions, _ output: String,
        _ limits: DatasetLimits,
        _ progress: (ImportNews) -> Void
    ) throws(DatasetError) -> DatasetDescription {
        let inputs = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let plan = try ImportPlan(try ImportSurvey(inputs, limits: limits), limits: limits)
        guard pictures == PictureOptions() else {
            throw DatasetError(
                .malformed, nil,
                "\(plan.format.title) has records: a size, a fit, and skipping what can't be read are for picture files"
            )
        }
        let names = if let known = given ?? plan.classes { known } else { try numbers(inputs, plan, limits) }

        let output = try DatasetWriter(
            path: output, plan.format, side: PictureRecord.side, classes: names, trainCount: plan.trainCount,
            testCount: plan.testCount)
        let none = [Int](repeating: 0, count: names.count)
        var (train, test) = (none, none)
        var written = 0
        try RecordReader(inputs, plan, classCount: names.count, limits: limits).read {
            batch throws(DatasetError) in
            try output.write(batch)
            if batch.split == .train { batch.count(into: &train) } else { batch.count(into: &test) }
            written += batch.pictures.count / PictureRecord.pictureBytes
            progress(.pictures(written, of: nil))
        }
        try output.commit()
        return DatasetDescription(
            format: plan.format, classes: names, trainByClass: train, testByClass: test, height: PictureRecord.side,
            width: PictureRecord.side, fit: nil)
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
