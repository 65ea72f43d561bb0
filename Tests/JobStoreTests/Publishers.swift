import JobStore

/// Users of a system that has alice, 1, and bob, 2.
extension Publisher {
    static func user(_ uid: Int = 1, isAdministrator: Bool = false) -> Publisher {
        let names = ["alice": 1, "bob": 2]
        return Publisher(
            uid: uid, isAdministrator: { isAdministrator }, user: { names[$0] },
            prefix: { names.first { $0.value == uid }?.key ?? String(uid) })
    }
}
