import Fuzzing
import ModelFiles
import SqueezeNet

/// A model's header. Weights, all zero, are put behind it: as many as the default network with ten classes has, so that the
/// corpus is small and yet has a model that loads. What loads is used.
private let network: Network = {
    do { return try Network(.squeezenetCIFAR, bypass: .none, classes: 10, inputSize: 32) } catch {
        fatalError("\(error)")
    }
}()

/// Larger networks take too long for what they find.
private let largestInput = 64

func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let path = scratchFolder + "/model.safetensors"
    write(UnsafeBufferPointer(start: start, count: count), zeros: network.parameterCount * 4, to: path)
    guard let model = try? ModelFile(path: path) else { return 0 }
    precondition(model.classes.count == model.network.classes, "\(model.classes.count) names of classes")
    guard model.network.inputSize <= largestInput else { return 0 }
    do {
        let classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing, threads: 1)
        // Pictures of their own memory, which the sanitizer watches.
        for (width, height) in [(32, 32), (1, 70)] {
            let logits = [UInt8](repeating: 7, count: 3 * width * height).withUnsafeBytes {
                classifier.classify([Picture(planes: $0, width: width, height: height)])
            }
            precondition(logits.count == model.network.classes && logits.allSatisfy { $0 == 0 }, "\(logits)")
        }
    } catch {
        fatalError("\(error)")
    }
    return 0
}
