internal import Dispatch
internal import Glibc

/// The wall clock, as the protocol tells time.
enum Clock {
    /// Microseconds since 1970.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }

    /// That moment, for a timer.
    static func wallTime(_ microseconds: Int) -> DispatchWallTime {
        DispatchWallTime(
            timespec: timespec(tv_sec: microseconds / 1_000_000, tv_nsec: microseconds % 1_000_000 * 1_000))
    }
}
