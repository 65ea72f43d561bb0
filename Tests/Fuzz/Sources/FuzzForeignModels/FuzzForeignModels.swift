import Fuzzing
import ModelFiles
import SqueezeNet

/// A model's file of any program: PyTorch's pickles, bare and in a zip archive, ONNX, safetensors, Deep Compression's.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let path = scratchFolder + "/model"
    write(UnsafeBufferPointer(start: start, count: count), to: path)
    do throws(ModelFileError) {
        let model = try ImportedModel(path: path).model
        precondition(model.classes.count == model.network.classes, "\(model.classes.count) names of classes")
        precondition(model.weights.values.count == model.network.parameterCount && model.weights.areFinite)
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
