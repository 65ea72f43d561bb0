/// The file that holds a data set: one safetensors file with these tensors and metadata.
///
/// | tensor | type, shape | |
/// |---|---|---|
/// | `train.images` | U8 [N, 3, height, width] | planes red, green, blue |
/// | `train.labels` | U16 [N] | |
/// | `test.images`, `test.labels` | as above | where there are test pictures |
///
/// Metadata: `format` is `sqzd-dataset-1`, `classes` the names as a JSON array, `source` a `SourceFormat`.
enum DatasetFile {
    static let format = "sqzd-dataset-1"
    static let formatKey = "format"
    static let classesKey = "classes"
    static let sourceKey = "source"

    static let planes = 3
    static let labelBytes = 2

    /// The names of the two tensors of one split.
    struct SplitNames {
        let images: String
        let labels: String

        static let train = SplitNames(images: "train.images", labels: "train.labels")
        static let test = SplitNames(images: "test.images", labels: "test.labels")
    }

    static func imagesShape(count: Int, _ format: SourceFormat) -> [Int] {
        [count, planes, format.height, format.width]
    }
}
