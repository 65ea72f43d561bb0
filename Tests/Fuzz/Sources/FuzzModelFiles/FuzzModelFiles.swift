import Fuzzing
import ModelFiles
import SqueezeNet

/// Larger networks take too long for what they find.
private let largestInput = 64
/// A float model of squeezenet-cifar has 0.6 MB.
private let mostZeros = 1 << 20

/// A model's file: how many zeros it ends with, which the corpus need not have (four bytes, little-endian), and what is before them.
/// What loads is used.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    guard count >= 4 else { return -1 }
    let zeros = Int(UInt32(littleEndian: input.loadUnaligned(as: UInt32.self)))
    guard zeros <= mostZeros else { return -1 }
    let path = scratchFolder + "/model.safetensors"
    write(UnsafeBufferPointer(rebasing: input.bindMemory(to: UInt8.self)[4...]), zeros: zeros, to: path)
    guard var model = try? ModelFile(path: path) else { return 0 }
    precondition(model.classes.count == model.network.classes, "\(model.classes.count) names of classes")
    guard model.network.inputSize <= largestInput else { return 0 }
    do {
        // The corpus's zeros are not what the self-test was made with.
        model.selfTest = nil
        let classifier = try model.classifier(threads: 1)
        // Pictures of their own memory, which the sanitizer watches.
        for (width, height) in [(32, 32), (1, 70)] {
            let logits = [UInt8](repeating: 7, count: 3 * width * height).withUnsafeBytes {
                classifier.classify([Picture(planes: $0, width: width, height: height)])
            }
            // Weights in single precision may be so large that their sums are infinite.
            precondition(logits.count == model.network.classes, "\(logits.count) logits")
            precondition(!classifier.isQuantized || logits.allSatisfy(\.isFinite), "\(logits)")
        }
    } catch {
        fatalError("\(error)")
    }
    return 0
}
