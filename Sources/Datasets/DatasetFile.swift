/// The file that holds a data set: one safetensors file with these tensors and metadata.
///
/// | tensor | type, shape | |
/// |---|---|---|
/// | `train.images` | U8 [N, 3, height, width] | planes red, green, blue |
/// | `train.labels` | U16 [N] | |
/// | `train.names` | U8 [bytes] | of pictures that were files: their paths, UTF-8, a NUL after each |
/// | `test.images`, `test.labels`, `test.names` | as above | where there are test pictures |
///
/// Metadata: `format` is `sqzd-dataset-1`, `classes` the names as a JSON array, `source` a `SourceFormat`, and of pictures that
/// were files `fit` a `Fit`.
enum DatasetFile {
    static let format = "sqzd-dataset-1"
    static let formatKey = "format"
    static let classesKey = "classes"
    static let sourceKey = "source"
    static let fitKey = "fit"

    static let planes = 3
    static let labelBytes = 2

    /// The names of the tensors of one split.
    struct SplitNames {
        let images: String
        let labels: String
        let names: String

        static let train = SplitNames("train")
        static let test = SplitNames("test")

        private init(_ split: String) {
            images = "\(split).images"
            labels = "\(split).labels"
            names = "\(split).names"
        }
    }

    static func imagesShape(count: Int, side: Int) -> [Int] { [count, planes, side, side] }
}
