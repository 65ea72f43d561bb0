internal import Synchronization

/// Which of the threads that read, work on and write connections is whose. All connections of a user share one, and no two
/// users do as long as there are no more of them than threads: how many calls one of them sends, and how, then costs the
/// others what the kernel's scheduler gives away, and not their place in a queue.
package final class UserPlaces: Sendable {
    private struct User {
        let place: Int
        var connections: Int
    }

    private let places: Int
    private let connections: Int
    private let all: Int
    private let users = Mutex<[Peer: User]>([:])

    /// - Parameters:
    ///   - connections: how many of them a user may have, those included that have yet to be told that they are too many.
    ///   - all: how many all users together may have.
    package init(places: Int, connections: Int, all: Int) {
        (self.places, self.connections, self.all) = (places, connections, all)
    }

    /// The place of a new connection of the user's, which is to `leave`; nil where there is none for it.
    package func enter(_ peer: Peer) -> Int? {
        users.withLock { users in
            var user = users[peer] ?? User(place: quietest(users), connections: 0)
            guard user.connections < connections, users.values.reduce(0, { $0 + $1.connections }) < all else {
                return nil
            }
            user.connections += 1
            users[peer] = user
            return user.place
        }
    }

    package func leave(_ peer: Peer) {
        users.withLock { users in
            users[peer]?.connections -= 1
            if users[peer]?.connections == 0 { users[peer] = nil }
        }
    }

    /// The one that the fewest users have.
    private func quietest(_ users: [Peer: User]) -> Int {
        var crowds = Array(repeating: 0, count: places)
        for user in users.values { crowds[user.place] += 1 }
        return crowds.indices.min { crowds[$0] < crowds[$1] } ?? 0
    }
}
