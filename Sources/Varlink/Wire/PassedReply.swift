/// A reply that is passed on without being read: where its parameters are. Only one without an error, and without white space
/// between its words, is seen as one.
public struct PassedReply {
    /// More replies to the same call follow.
    public let continues: Bool
    /// Where the parameters are in the message.
    public let parameters: Range<Int>

    /// - Parameter message: without its NUL.
    public init?(_ message: UnsafeRawBufferPointer) {
        for (start, continues) in [(#"{"parameters":"#, false), (#"{"continues":true,"parameters":"#, true)] {
            let first = start.utf8.count
            guard message.starts(with: start.utf8),
                // Behind the parameters there is nothing but the message's end.
                Survey.endOfObject(message, from: first) == message.count - 1, message.last == UInt8(ascii: "}")
            else { continue }
            self.continues = continues
            parameters = first..<message.count - 1
            return
        }
        return nil
    }
}
