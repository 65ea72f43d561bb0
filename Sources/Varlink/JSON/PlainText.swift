/// Text that stands in JSON as it is: ASCII without control characters, quotation marks and backslashes.
public enum PlainText {
    public static func isPlain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isPlain(UnsafeRawBufferPointer($0)) }
    }

    static func isPlain(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let first = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return true }
        var strange: UInt8 = 0
        // Without a way out in the middle, so that the compiler takes many bytes at a time.
        for place in 0..<bytes.count {
            let byte = first[place]
            // What is below a space becomes large.
            strange |= (byte &- 0x20 >= 0x60 ? 1 : 0) | (byte == 0x22 ? 1 : 0) | (byte == 0x5C ? 1 : 0)
        }
        return strange == 0
    }
}
