import Fuzzing
import ModelFiles
import SqueezeNet

/// A model's header. Weights, all zero, are put behind it: as many as the default network with ten classes has, so that the
/// corpus is small and yet has a model that loads.
private let network: Network = {
    do { return try Network(.squeezenetCIFAR, bypass: .none, classes: 10, inputSize: 32) } catch {
        fatalError("\(error)")
    }
}()

func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let path = scratchFolder + "/model.safetensors"
    write(UnsafeBufferPointer(start: start, count: count), zeros: network.parameterCount * 4, to: path)
    guard let model = try? ModelFile(path: path) else { return 0 }
    precondition(model.classes.count == model.network.classes, "\(model.classes.count) names of classes")
    return 0
}
