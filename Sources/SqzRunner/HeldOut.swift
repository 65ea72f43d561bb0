internal import SqueezeNet

/// The pictures that a training does not see, where its data set has no test pictures. They depend on these numbers only, so that
/// who measures the model finds them again.
struct HeldOut {
    /// In the order of the data set.
    let places: [Int]
    let others: [Int]

    init(_ held: Int, of count: Int, seed: UInt64) {
        // Epoch 0 never trains: its order is free to choose what is held out.
        let order = shuffledIndices(count, seed: seed, epoch: 0)
        places = order[..<held].sorted()
        others = order[held...].sorted()
    }
}
