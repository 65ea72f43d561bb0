import Fuzzing
import ModelFiles
import SqueezeNet

/// A checkpoint's header. Numbers, all zero, are put behind it: the weights of the default network with ten classes and their
/// two moments, so that the corpus is small and yet has a checkpoint that is taken.
private let network: Network = {
    do { return try Network(.squeezenetCIFAR, bypass: .none, classes: 10, inputSize: 32) } catch {
        fatalError("\(error)")
    }
}()

func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    write(
        UnsafeBufferPointer(start: start, count: count), zeros: 3 * network.parameterCount * 4,
        to: scratchFolder + "/checkpoint-0000000001.safetensors")
    do {
        var reasons: [String] = []
        let checkpoint = try Checkpoint.newest(in: scratchFolder, for: network, recipe: .tutorial) {
            reasons.append($1)
        }
        precondition((checkpoint == nil) == (reasons.count == 1), "refused for \(reasons)")
        if let checkpoint { precondition(checkpoint.state.weights.values.count == network.parameterCount) }
    } catch {
        fatalError("\(error)")
    }
    return 0
}
