internal import Glibc

/// The wall clock, as the protocol tells time.
enum Clock {
    /// Microseconds since 1970.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }
}
