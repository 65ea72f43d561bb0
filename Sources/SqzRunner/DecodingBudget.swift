internal import Glibc
internal import Imaging

/// Bounds what the pictures that are decoded at the same time hold in memory, however many threads there are: what one may hold
/// alone. Who draws more than there is waits.
// Sendable: the mutex guards what is left.
final class DecodingBudget: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let returned = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Bytes.
    private var left = ImagingLimits.values

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(returned, nil)
    }

    deinit {
        pthread_cond_destroy(returned)
        pthread_mutex_destroy(mutex)
        returned.deallocate()
        mutex.deallocate()
    }

    /// Takes what a picture needs, and gives how much that is. One over the limit is refused before it takes memory.
    func draw(_ header: PictureHeader) -> Int {
        let bytes = min(header.decodedBytes, ImagingLimits.values)
        pthread_mutex_lock(mutex)
        while left < bytes { pthread_cond_wait(returned, mutex) }
        left -= bytes
        pthread_mutex_unlock(mutex)
        return bytes
    }

    func giveBack(_ bytes: Int) {
        pthread_mutex_lock(mutex)
        left += bytes
        pthread_cond_broadcast(returned)
        pthread_mutex_unlock(mutex)
    }
}
