internal import Imaging
internal import SqzProtocol

/// What the pictures of one call may take decoded, together: so much is held in memory at most, however many threads there are,
/// and so long do others wait. They draw from it in their order; after the first that finds too little, nothing is left for any.
struct DecodingBudget {
    /// Of width × height × channels, which are bytes.
    private var left = Limits.decodedValues
    /// A picture found too little.
    private(set) var isSpent = false

    /// Takes what a picture needs; false where that is not there. The first of a call finds enough: one of more is refused
    /// before it is decoded, and takes nothing.
    mutating func draw(_ header: PictureHeader?) -> Bool {
        let values = header?.decodedBytes ?? 0
        let needed = values > ImagingLimits.values ? 0 : values
        isSpent = isSpent || needed > left
        if !isSpent { left -= needed }
        return !isSpent
    }
}
