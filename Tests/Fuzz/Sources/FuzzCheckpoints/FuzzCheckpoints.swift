import Glibc
import ModelFiles
import SqueezeNet

/// A checkpoint's header. Numbers, all zero, are put behind it: the weights of the default network with ten classes and their
/// two moments, so that the corpus is small and yet has a checkpoint that is taken.
private let network: Network = {
    do { return try Network(.squeezenetCIFAR, bypass: .none, classes: 10, inputSize: 32) } catch {
        fatalError("\(error)")
    }
}()

private let folder: String = {
    let path = "/dev/shm/sqzd-fuzz-\(getpid())"
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { fatalError("\(path) can't be made") }
    return path
}()

func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let path = folder + "/checkpoint-0000000001.safetensors"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0, write(descriptor, start, count) == count,
        ftruncate(descriptor, count + 3 * network.parameterCount * 4) == 0
    else { fatalError("\(path) can't be written") }
    close(descriptor)
    do {
        var reasons: [String] = []
        let checkpoint = try Checkpoint.newest(in: folder, for: network) { _, reason in reasons.append(reason) }
        precondition((checkpoint == nil) == (reasons.count == 1), "refused for \(reasons)")
        if let checkpoint { precondition(checkpoint.state.weights.values.count == network.parameterCount) }
    } catch {
        fatalError("\(error)")
    }
    return 0
}
