internal import Glibc

/// A moment as the protocol has it, in sentences.
public enum Timestamp {
    /// `2026-11-24 12:00:05 UTC`, of microseconds since 1970.
    public static func text(_ microseconds: Int) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var utc = tm()
        gmtime_r(&seconds, &utc)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S UTC", &utc)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
