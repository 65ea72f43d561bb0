import Foundation
import Synchronization

/// The lines that a daemon tells of itself, on its standard error and to its service manager, in the order in which they
/// came, for those who wait for one.
final class Reports: Sendable {
    private struct State {
        var lines: [String] = []
        var hasEnded = false
        /// Signalled with every line and at the end.
        var waiting: [DispatchSemaphore] = []
    }

    private let state = Mutex(State())

    /// Waiting longer is a failure: nothing that tests wait for takes nearly so long.
    private static let patience = 60.0

    var lines: [String] { state.withLock { $0.lines } }

    /// Reads both until standard error ends, on a thread of its own; then closes them.
    func follow(errors: CInt, notifications: CInt) {
        Thread.detachNewThread {
            var half = ""
            while true {
                var watched = [errors, notifications].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
                guard poll(&watched, 2, -1) >= 0 || errno == EINTR else { break }
                if watched[1].revents != 0, let text = Self.read(notifications) {
                    self.add(text.split(separator: "\n").map(String.init))
                }
                guard watched[0].revents != 0 else { continue }
                guard let text = Self.read(errors) else { break }
                var parts = (half + text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                half = parts.removeLast()
                self.add(parts)
            }
            close(errors)
            close(notifications)
            self.change { $0.hasEnded = true }
        }
    }

    /// Waits for a line that contains `text`, among those after the first `count`; throws if the daemon ends instead.
    func wait(for text: String, after count: Int = 0) throws {
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        let news = DispatchSemaphore(value: 0)
        while true {
            let isFound = try state.withLock { state in
                if state.lines.dropFirst(count).contains(where: { $0.contains(text) }) { return true }
                guard !state.hasEnded else { throw Missing(text: text, reason: "the daemon ended", lines: state.lines) }
                state.waiting.append(news)
                return false
            }
            if isFound { return }
            guard news.wait(timeout: .now() + deadline.timeIntervalSinceNow) == .success else {
                throw Missing(text: text, reason: "it did not come", lines: lines)
            }
        }
    }

    struct Missing: Error, CustomStringConvertible {
        let text: String
        let reason: String
        let lines: [String]
        var description: String { "waited for \"\(text)\", but \(reason):\n\(lines.joined(separator: "\n"))" }
    }

    private func add(_ lines: [String]) { change { $0.lines += lines } }

    private func change(_ body: (inout State) -> Void) {
        let waiting = state.withLock { state in
            body(&state)
            defer { state.waiting = [] }
            return state.waiting
        }
        for semaphore in waiting { semaphore.signal() }
    }

    /// What is there to read; nil at the end.
    private static func read(_ descriptor: CInt) -> String? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }
}
