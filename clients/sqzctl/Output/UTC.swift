internal import Glibc

/// Moments as programs read them.
enum UTC {
    /// Microseconds since 1970 as ISO 8601 with all of its digits: 2026-11-29T05:06:07.123456Z.
    static func text(_ microseconds: Int) -> String {
        // Rounded down, before 1970 too.
        let rest = (microseconds % 1_000_000 + 1_000_000) % 1_000_000
        var seconds = time_t((microseconds - rest) / 1_000_000)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &fields)
        let digits = String(rest)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) + "."
            + String(repeating: "0", count: 6 - digits.count) + digits + "Z"
    }
}
