import Fuzzing
import ModelFiles
import SqueezeNet

/// Keras' files, of which libhdf5 reads all but the zip archive: apart from the other models', for it is slow and takes to its own
/// corpus.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let path = scratchFolder + "/model"
    write(UnsafeBufferPointer(start: start, count: count), to: path)
    do throws(ModelFileError) {
        let model = try ImportedModel(path: path).model
        precondition(model.weights.values.count == model.network.parameterCount && model.weights.areFinite)
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
