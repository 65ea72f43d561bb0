extension Array {
    /// The elements in an order in which each user has one, then each who has more a second one, and so on: who has many waits behind
    /// who has few. What is one user's stays in its order.
    package func inTurns<User: Hashable>(of user: (Element) -> User) -> [Element] {
        var counts: [User: Int] = [:]
        let rounds = map { element in
            defer { counts[user(element), default: 0] += 1 }
            return counts[user(element), default: 0]
        }
        guard counts.count > 1 else { return self }
        return indices.sorted { (rounds[$0], $0) < (rounds[$1], $1) }.map { self[$0] }
    }
}
