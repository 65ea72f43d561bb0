import Datasets
import Fuzzing
import Glibc

/// The first byte says what the files are called, the next two how long the first of them is.
private let names: [[String]] = [
    ["data_batch_1.bin", "test_batch.bin"],
    ["train.bin", "test.bin"],
    ["cifar-10-binary.tar.gz"],
    ["cifar.tar"],
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"],
    ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"],
    ["data_batch_1.bin", "batches.meta.txt"],
    ["data_batch_1.bin.gz"],
    ["pictures.zip"],
    ["pictures.tar"],
    ["pictures.tar.xz"],
]

/// Small ones, so that meeting one takes no time.
private let limits: DatasetLimits = {
    var limits = DatasetLimits()
    limits.files = 16
    limits.decompressedBytes = 1 << 20
    limits.pictures = 300
    limits.outputBytes = 1 << 20
    limits.treeFiles = 64
    return limits
}()

/// Reads what a training reads: labels, and of the pictures all bytes of the first and of the last.
private func use(_ split: MappedDataset.Split, of dataset: MappedDataset) {
    for place in 0..<split.count { precondition(split.label(place) < dataset.classes.count) }
    var names = split.names
    for place in [0, split.count - 1] {
        if let name = names?.name(of: place) { precondition(!name.isEmpty) }
        let picture = split.picture(place)
        precondition(picture.count == 3 * split.height * split.width, "a picture of \(picture.count) bytes")
        precondition(picture.reduce(0) { $0 + Int($1) } <= 255 * picture.count)
    }
}

func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard count >= 3 else { return 0 }
    let input = UnsafeBufferPointer(start: start, count: count)
    let names = names[Int(input[0]) % names.count]
    let rest = input[3...]
    let first = min(rest.count, Int(input[1]) << 8 | Int(input[2]))
    let parts = names.count == 1 ? [rest] : [rest.prefix(first), rest.dropFirst(first)]
    let files = zip(names, parts).map { name, bytes in
        let path = "\(scratchFolder)/\(name)"
        write(UnsafeBufferPointer(rebasing: bytes), to: path)
        return SourceFile(name: name, path: path)
    }
    let output = scratchFolder + "/output"
    do throws(DatasetError) {
        // Pictures that can't be read are left out, so that the others are written; records have no such options.
        let isOfPictures = names[0].hasPrefix("pictures")
        let made = try DatasetImport.run(
            files: files, classes: nil,
            pictures: isOfPictures ? PictureOptions(size: 16, skipsUnreadable: true) : PictureOptions(), output: output,
            limits: limits
        ) { _ in }.dataset
        // What was made must be a data set that opens, with every label one of the classes and pictures that can be read.
        let dataset = try MappedDataset(path: output)
        precondition(
            dataset.train.count == made.trainCount, "\(made.trainCount) pictures became \(dataset.train.count)")
        use(dataset.train, of: dataset)
        if let test = dataset.test { use(test, of: dataset) }
        unlink(output)
    } catch {
        precondition(error.code != .unwritable, "\(error)")
        precondition(access(output, F_OK) != 0, "a refused import left \(output): \(error)")
    }
    for file in files { unlink(file.path) }
    return 0
}
