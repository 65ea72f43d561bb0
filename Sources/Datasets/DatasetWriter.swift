import Bitmaps
import Safetensors
import Varlink

/// Writes a data set's file, in any order.
struct DatasetWriter {
    private let writer: SafetensorsWriter
    private let pictureBytes: Int

    /// - Parameter names: bytes of the tensors of names, where there are such.
    init(
        path: String, _ format: SourceFormat, side: Int, classes: [String], trainCount: Int, testCount: Int,
        names: (train: Int, test: Int)? = nil, fit: Fit? = nil
    ) throws(DatasetError) {
        pictureBytes = DatasetFile.planes * side * side
        var splits = [(tensors: DatasetFile.SplitNames.train, count: trainCount, names: names?.train)]
        if testCount > 0 { splits.append((.test, testCount, names?.test)) }
        // Pictures first: those of 32 rows, and all of an even number of eight, are multiples of 64 bytes, so that every one
        // of them begins on a cache line.
        let images = splits.map {
            TensorDeclaration(
                name: $0.tensors.images, type: .uint8, shape: DatasetFile.imagesShape(count: $0.count, side: side))
        }
        let labels = splits.map {
            TensorDeclaration(name: $0.tensors.labels, type: .uint16, shape: [$0.count])
        }
        let paths = splits.compactMap { split in
            split.names.map { TensorDeclaration(name: split.tensors.names, type: .uint8, shape: [$0]) }
        }
        do {
            let classes = String(decoding: try JSON.encode(classes), as: UTF8.self)
            var metadata = [
                DatasetFile.formatKey: DatasetFile.format,
                DatasetFile.classesKey: classes,
                DatasetFile.sourceKey: format.rawValue,
            ]
            metadata[DatasetFile.fitKey] = fit?.rawValue
            writer = try SafetensorsWriter(path: path, tensors: images + labels + paths, metadata: metadata)
        } catch {
            throw DatasetError(.unwritable, nil, "\(error)")
        }
    }

    func write(_ batch: RecordBatch) throws(DatasetError) {
        let names = batch.split == .train ? DatasetFile.SplitNames.train : .test
        try write(batch.pictures, to: names.images, at: batch.start * pictureBytes)
        try write(batch.labels, to: names.labels, at: batch.start * DatasetFile.labelBytes)
    }

    /// A part of a tensor, `offset` bytes after its start.
    func write(_ bytes: UnsafeRawBufferPointer, to tensor: String, at offset: Int = 0) throws(DatasetError) {
        do {
            try writer.write(bytes, to: tensor, at: offset)
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
