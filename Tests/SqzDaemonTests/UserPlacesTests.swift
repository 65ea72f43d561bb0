import SqzDaemon
import Testing

/// Whose connections are worked on in which thread.
@Suite struct UserPlacesTests {
    private let places = UserPlaces(places: 3, connections: 200, all: 300)

    private func enter(_ uid: UInt32) -> Int? { places.enter(Peer(uid: uid)) }

    @Test func aUsersConnectionsShareAPlaceAndNoTwoUsersDo() {
        let first = enter(1)
        for _ in 0..<100 { #expect(enter(1) == first) }
        #expect(Set([first, enter(2), enter(3)]).count == 3)
    }

    @Test func whereThereAreMoreUsersThanPlacesTheyAreSpread() {
        let taken = (1...6).map { enter($0) }
        #expect((0..<3).allSatisfy { place in taken.count { $0 == place } == 2 })
    }

    @Test func aUserHasSoManyConnectionsAndNoMore() {
        #expect((1...200).allSatisfy { _ in enter(1) != nil })
        #expect(enter(1) == nil && enter(2) != nil)
        places.leave(Peer(uid: 1))
        #expect(enter(1) != nil && enter(1) == nil)
    }

    @Test func allUsersTogetherHaveSoManyConnectionsAndNoMore() {
        #expect((0..<300).allSatisfy { enter(UInt32($0 / 150)) != nil })
        #expect(enter(7) == nil)
        places.leave(Peer(uid: 1))
        #expect(enter(7) != nil && enter(1) == nil)
    }

    @Test func whoHasNoConnectionLeftHasNoPlace() {
        let taken = (1...3).map { enter($0) }
        #expect(enter(2) == taken[1])
        places.leave(Peer(uid: 2))
        #expect(enter(2) == taken[1])
        places.leave(Peer(uid: 2))
        places.leave(Peer(uid: 2))
        #expect(enter(4) == taken[1])
    }
}
