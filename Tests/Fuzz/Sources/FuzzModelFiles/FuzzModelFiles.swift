import Glibc
import ModelFiles
import SqueezeNet

/// A model's header. Weights, all zero, are put behind it: as many as the default network with ten classes has, so that the
/// corpus is small and yet has a model that loads.
private let weightBytes = 146_570 * 4

private let path = "/dev/shm/sqzd-fuzz-\(getpid()).safetensors"

func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, write(descriptor, start, count) == count, ftruncate(descriptor, count + weightBytes) == 0
    else {
        fatalError("\(path) can't be written")
    }
    close(descriptor)
    guard let model = try? ModelFile(path: path) else { return 0 }
    precondition(model.classes.count == model.network.classes, "\(model.classes.count) names of classes")
    return 0
}
