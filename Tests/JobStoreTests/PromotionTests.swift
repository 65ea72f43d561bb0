import JobStore
import SqzProtocol
import TestSupport
import Testing

/// Which version a name means, by promotions, tags and other names; and what is left of what was removed.
@Suite struct PromotionTests {
    private let scratch: ScratchDirectory
    private let store: JobStore

    init() throws {
        scratch = try ScratchDirectory()
        store = try JobStore(path: scratch["sqzd.db"])
    }

    @discardableResult
    private func add(
        _ name: String = "m", by uid: Int = 1, isAdministrator: Bool = false, warning: String? = nil
    ) async throws -> String {
        let model = try await store.addModel(
            NewModel(
                name: name, sha256: "s", size: 3, runner: "r", made: .sample,
                publisher: .user(uid, isAdministrator: isAdministrator), warning: warning), at: 1
        ) {}
        return "\(model.name)@\(model.version)"
    }

    private func meaning(_ text: String = "m") async throws -> String {
        let model = try await store.model(text).model
        return "\(model.name)@\(model.version)"
    }

    @discardableResult
    private func remove(_ text: String, all: Bool = false) async throws -> [String] {
        try await store.removeModels(text, all: all, by: 7, at: 99, check: { _, _ in }, remove: { _ in })
            .map { "\($0.name)@\($0.version)" }
    }

    private func rollBack(_ name: String = "m") async throws -> Meaning {
        let goal = try await store.previous(of: name).model
        return try await store.rollBack(name, to: "\(goal.name)@\(goal.version)")
    }

    /// What names mean is kept in memory; a change is seen by whoever asks after it.
    @Test func whatIsLookedUpBesideChangesIsNeverOld() async throws {
        for _ in 1...2 { try await add() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for text in ["m", "m@best"] {
                group.addTask {
                    while !Task.isCancelled {
                        do { _ = try await store.model(text) } catch is SqzError {}
                        await Task.yield()
                    }
                }
            }
            for round in 1...200 {
                let version = 1 + round % 2
                _ = try await store.promote("m@\(version)")
                #expect(try await meaning() == "m@\(version)")
                _ = try await store.tag("m@\(3 - version)", as: "best")
                #expect(try await meaning("m@best") == "m@\(3 - version)")
            }
            group.cancelAll()
        }
        try await store.rename("m", to: "n", ownedBy: nil)
        #expect(try await meaning("m") == "n@1")
        try await remove("n", all: true)
        await #expect(throws: SqzError.self) { try await meaning("n") }
    }

    @Test func aNameMeansItsOwnersNewestUntilOneIsPromoted() async throws {
        for _ in 1...3 { try await add() }
        #expect(try await meaning() == "m@3")
        #expect(try await store.promote("m@1") == Meaning(model: "m@1", before: "m@3"))
        try await add()
        // What is trained later waits to be promoted.
        #expect(try await meaning() == "m@1")
        let marks = try await store.models().map { ($0.version, $0.promoted) }
        #expect(marks.map(\.0) == [4, 3, 2, 1] && marks.map(\.1) == [false, false, false, true])
        // A name alone is its newest again, and those that come.
        #expect(try await store.promotable("m").model.version == 4)
        #expect(try await store.promote("m") == Meaning(model: "m@4", before: "m@1"))
        try await add()
        #expect(try await meaning() == "m@5")
    }

    /// An administrator's version under another's name answers when it is promoted.
    @Test func othersVersionsAreNotTheNewest() async throws {
        try await add()
        #expect(try await add(by: 2, isAdministrator: true) == "m@2")
        #expect(try await meaning() == "m@1")
        #expect(try await store.promote("m@2").model == "m@2")
        #expect(try await rollBack() == Meaning(model: "m@1", before: "m@2"))
        // Given away, the name means its new owner's newest; before there is one, what there is.
        #expect(try await store.promote("m").model == "m@1")
        try await store.giveModel("m", to: 3)
        #expect(try await meaning() == "m@2")
        #expect(try await add(by: 3) == "m@3")
        #expect(try await meaning() == "m@3")
        await #expect(throws: SqzError.self) { try await add(by: 1) }
    }

    @Test func aRollbackGoesToWhatWasPromotedBefore() async throws {
        for _ in 1...4 { try await add() }
        for version in [2, 4, 1] { _ = try await store.promote("m@\(version)") }
        #expect(try await rollBack() == Meaning(model: "m@4", before: "m@1"))
        #expect(try await rollBack().model == "m@2")
        // Before the first promotion the newest was meant.
        #expect(try await rollBack().model == "m@4")
        // Nothing was promoted before that: the version before.
        #expect(try await rollBack().model == "m@3")
        #expect(try await rollBack().model == "m@2")
        #expect(try await rollBack().model == "m@1")
        #expect(
            await reason("name") { _ = try await rollBack() }
                == "m has nothing to go back to: no other version was promoted before m@1, and there is none before it")
        // What was removed is not gone back to.
        _ = try await store.promote("m@3")
        _ = try await store.promote("m@4")
        try await remove("m@3")
        #expect(try await rollBack().model == "m@1")
    }

    @Test func aRollbackThatComesLateIsRefused() async throws {
        for _ in 1...3 { try await add() }
        let goal = try await store.previous(of: "m").model
        _ = try await store.promote("m@1")
        #expect(goal.version == 2)
        #expect(await reason("name") { _ = try await store.rollBack("m", to: "m@2") }.contains("meanwhile"))
        #expect(try await meaning() == "m@1")
    }

    @Test func noMorePromotionsAreRememberedThanMayBe() async throws {
        for _ in 1...2 { try await add() }
        for turn in 0..<(2 * Limits.promotions) { _ = try await store.promote("m@\(turn % 2 + 1)") }
        let script =
            "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM promotions').fetchone()[0])"
        let count = try Oracle.run("python3", ["-c", script, scratch["sqzd.db"]])
        #expect(String(decoding: count, as: UTF8.self) == "\(Limits.promotions)\n")
    }

    @Test func tagsAreWordsForVersions() async throws {
        for _ in 1...2 { try await add() }
        #expect(try await store.tag("m@1", as: "live") == Meaning(model: "m@1", before: nil))
        #expect(try await store.tag("m@1", as: "best") == Meaning(model: "m@1", before: nil))
        #expect(try await meaning("m@live") == "m@1")
        #expect(try await store.models().map(\.tags) == [nil, ["best", "live"]])
        #expect(try await store.tag("m", as: "live") == Meaning(model: "m@2", before: "m@1"))
        #expect(try await meaning("m@live") == "m@2")
        #expect(try await store.untag("m@live") == "m@2")
        await #expect(throws: SqzError.noSuchModel(model: "m@live", known: ["m@2", "m@1"])) {
            try await store.model("m@live")
        }
        #expect(await reason("model") { _ = try await store.untag("m@1") }.contains("NAME@TAG"))
        // It goes with its version.
        #expect(try await remove("m@best") == ["m@1"])
        await #expect(throws: SqzError.noSuchModel(model: "m@best", known: ["m@2"])) { try await store.model("m@best") }
        for number in 1...Limits.tagsPerModel { _ = try await store.tag("m", as: "t\(number)") }
        #expect(await reason("tag") { _ = try await store.tag("m", as: "more") }.contains("64 tags"))
        #expect(try await store.tag("m", as: "t1").before == "m@2")
    }

    @Test func theOldNameMeansTheNewOne() async throws {
        for _ in 1...2 { try await add() }
        _ = try await store.promote("m@1")
        _ = try await store.tag("m@2", as: "live")
        try await remove("m@live")
        let job = try await store.submit(
            Submission(kind: "evaluate", runner: "r", uid: 1, model: "m@1"), at: 1,
            limits: QueueLimits(jobs: 9, perUser: 9)
        ).job.id
        try await store.rename("m", to: "n", ownedBy: nil)
        #expect(try await store.job(job).model == "n@1")
        for text in ["m", "n", "m@1", "n@1"] { #expect(try await meaning(text) == "n@1") }
        // It is not free for others, and its owner's versions are the new one's.
        #expect(try await store.checkName("m", of: .model, option: "name", by: .user(1)) == "n")
        await #expect(throws: SqzError.self) {
            try await store.checkName("m", of: .model, option: "name", by: .user(2))
        }
        #expect(try await add("m") == "n@3")
        // What was looked up before is found where it is now.
        let late = try await store.submit(
            Submission(kind: "evaluate", runner: "r", uid: 1, model: "m@3"), at: 1,
            limits: QueueLimits(jobs: 9, perUser: 9)
        ).job
        #expect(late.model == "n@3")
        await #expect(throws: SqzError.modelInUse(model: "n@3", jobs: [late.id])) { try await remove("m@3") }
        // Its tombstone went along.
        guard
            case .noSuchModel(_, _, _, "n@2"?, 99?, 7?, "s"?)? = await #expect(
                throws: SqzError.self, performing: { try await store.model("m@2") })
        else {
            Issue.record("no tombstone")
            return
        }
        // Chains end in one step, and a name can be had back.
        try await store.rename("n", to: "o", ownedBy: nil)
        #expect(try await meaning("m") == "o@1")
        try await store.rename("n", to: "m", ownedBy: nil)
        for text in ["m", "n", "o"] { #expect(try await meaning(text) == "m@1") }
        try await add("taken", by: 2)
        #expect(
            await reason("to") { try await store.rename("m", to: "taken", ownedBy: nil) } == "the name taken is in use")
        #expect(
            await reason("to") { try await store.rename("taken", to: "o", ownedBy: nil) }.contains(
                "for m, which had it"))
        #expect(
            await reason("to") { try await store.rename("m", to: "bob/m", ownedBy: 2) }.contains("would be uid 2's"))
        #expect(
            await reason("name") { try await store.rename("m@1", to: "q", ownedBy: nil) }
                == "m@1 is one version; right would be a name: m")
        await #expect(throws: SqzError.self) { try await store.rename("nothing", to: "q", ownedBy: nil) }
    }

    /// When all of NEW was removed, OLD is a name again: its owner's, whose versions go on.
    @Test func anAliasEndsWithWhatItMeant() async throws {
        for _ in 1...2 { try await add() }
        try await store.rename("m", to: "n", ownedBy: nil)
        try await store.rename("n", to: "o", ownedBy: nil)
        try await remove("o@1")
        #expect(try await meaning("m") == "o@2")
        try await remove("o", all: true)
        for name in ["m", "n", "o"] {
            #expect(try await store.checkName(name, of: .model, option: "name", by: .user(1)) == name)
            await #expect(throws: SqzError.self) {
                try await store.checkName(name, of: .model, option: "name", by: .user(2))
            }
        }
        #expect(try await add("m") == "m@3")
        #expect(try await add("o") == "o@3")
        // What another name had before stays.
        try await store.rename("o", to: "p", ownedBy: nil)
        try await remove("m", all: true)
        #expect(try await meaning("o") == "p@3")
    }

    @Test func whatIsOfAnotherUserIsNamed() async throws {
        for index in 0..<30 { try await add("a\(index)") }
        try await add("bob/birds", by: 2)
        try await add("Birds")
        for (text, known) in [
            ("birds", ["Birds", "bob/birds"]), ("ann/birds", ["Birds", "bob/birds"]),
            ("BIRDS@2", ["Birds", "bob/birds"]),
        ] {
            guard
                case .noSuchModel(_, known, _, _, _, _, _)? = await #expect(
                    throws: SqzError.self, performing: { try await store.model(text) })
            else {
                Issue.record("no hint at \(text)")
                continue
            }
        }
    }

    /// A job that was to make OLD makes NEW.
    @Test func aJobMakesTheNameThatItsNameHasBecome() async throws {
        try await add()
        let id = try await store.submit(
            Submission(kind: "train", runner: "r", uid: 1, model: "m"), at: 1, limits: QueueLimits(jobs: 9, perUser: 9)
        ).job.id
        _ = try await store.startNext(at: 2)
        try await store.rename("m", to: "n", ownedBy: nil)
        let model = NewModel(name: "m", sha256: "t", size: 3, runner: "r", made: .sample, publisher: .user())
        #expect(try await store.succeed(id, Outcome(), making: model, at: 3)[0].job.outcome?.model == "n@2")
    }

    @Test func whatIsRemovedIsToldByItsTombstone() async throws {
        for _ in 1...3 { try await add() }
        #expect(
            await reason("model") { try await remove("m") }
                == "m has 3 versions: m@3, m@2, m@1; right would be one of them, or all (--all)")
        #expect(await reason("model") { try await remove("m@1", all: true) }.contains("all versions are m"))
        #expect(try await remove("m@2") == ["m@2"])
        let removed = SqzError.noSuchModel(
            model: "m@2", known: ["m@3", "m@1"], removed: "m@2", removedAt: 99, removedBy: 7, sha256: "s")
        await #expect(throws: removed) { try await store.model("m@2") }
        #expect(
            "\(removed)".hasPrefix(
                "there is no model m@2: it was removed on 1970-01-01 00:00:00 UTC by uid 7 (sha256 s); there are:"),
            "\(removed)")
        // A promoted version answers calls: it is not removed by the way.
        _ = try await store.promote("m@1")
        #expect(await reason("model") { try await remove("m@1") }.contains("promote another version before"))
        try await store.pin("m")
        #expect(try await remove("m", all: true) == ["m@3", "m@1"])
        #expect(try await store.pinned().isEmpty)
        guard
            case .noSuchModel("m", [], nil, "m@1"?, _, _, _)? = await #expect(
                throws: SqzError.self, performing: { try await store.model("m") })
        else {
            Issue.record("no tombstone")
            return
        }
        #expect(try await store.removedModels(limit: 2).map(\.version) == [1, 3])
        // One version alone is what its name means.
        try await add("single")
        #expect(try await remove("single") == ["single@1"])
        #expect(try await add() == "m@4")
        #expect(try await meaning() == "m@4")
    }

    @Test func namesThatStayLoadedAreFew() async throws {
        for number in 0...Limits.pinnedModels { try await add("m\(number)") }
        for number in 0..<Limits.pinnedModels { try await store.pin("m\(number)") }
        try await store.pin("m0")
        let refusal = await reason("name") { try await store.pin("m\(Limits.pinnedModels)") }
        #expect(refusal.contains("the limit is 4") && refusal.contains("m0, m1, m2, m3"))
        try await add("m1")
        #expect(try await store.pinned().map { "\($0.name)@\($0.version)" } == ["m0@1", "m1@2", "m2@1", "m3@1"])
        #expect(try await store.model("m1").model.pinned == true)
        #expect(try await store.model("m1@1").model.pinned == false)
        try await store.unpin("m1")
        #expect(try await store.pinned().count == 3)
    }

    @Test func howANameIsServedGoesWithIt() async throws {
        try await add()
        #expect(try await store.serving(of: "m") == ServingSettings())
        #expect(try await store.set(.init(maxBatch: 8, runners: 2), of: "m", reset: false).name == "m")
        let settings = try await store.set(.init(maxDelay: 5, runners: 3), of: "m", reset: false).settings
        #expect(settings == ServingSettings(maxBatch: 8, maxDelay: 5, runners: 3))
        try await store.rename("m", to: "n", ownedBy: nil)
        for name in ["m", "n"] { #expect(try await store.serving(of: name) == settings) }
        let again = try await store.set(.init(keep: 9), of: "m", reset: true)
        #expect(again.name == "n" && again.settings == ServingSettings(keep: 9))
        await #expect(throws: SqzError.self) { try await store.set(.init(keep: 9), of: "x", reset: false) }
        // A name that is used again begins anew.
        try await remove("n", all: true)
        try await add("n")
        #expect(try await store.serving(of: "n") == ServingSettings())
    }

    @Test func aUsersOwnNewestIsUsedWhereNoneIsNamed() async throws {
        try await add("theirs", by: 2)
        await #expect(throws: SqzError.noModels(known: ["theirs"])) { try await store.model(of: 1, standard: nil) }
        let told = "\(SqzError.noModels(known: ["theirs"]))"
        #expect(told.contains("--model") && told.contains("theirs"))
        func unnamed(_ standard: String? = nil) async throws -> String {
            let model = try await store.model(of: 1, standard: standard).model
            return "\(model.name)@\(model.version)"
        }
        #expect(try await unnamed("theirs") == "theirs@1")
        try await add("mine")
        try await add("mine")
        try await add("theirs", by: 2)
        #expect(try await unnamed("theirs") == "mine@2")
        try await add("dead", warning: "no better than chance")
        #expect(try await unnamed() == "mine@2")
        _ = try await store.promote("mine@1")
        #expect(try await unnamed() == "mine@1")
    }

    @Test func aNameMayHaveAUserBeforeIt() async throws {
        #expect(try await add("alice/birds", by: 1) == "alice/birds@1")
        await #expect(throws: SqzError.self) { try await add("alice/birds", by: 2) }
        let refused = await reason("name") { _ = try await add("alice/cats", by: 2) }
        #expect(refused == "the name alice/cats belongs to uid 1; right would be one of your own, as bob/cats")
        // What an administrator publishes there is the user's.
        #expect(try await add("alice/dogs", by: 9, isAdministrator: true) == "alice/dogs@1")
        #expect(try await store.owner(ofModel: "alice/dogs") == 1)
        #expect(await reason("name") { _ = try await add("carol/cats", by: 1) }.contains("there is no user carol"))
        #expect(
            await reason("name") { try await store.giveModel("alice/birds", to: 2) }.contains("can't be given away"))
        // A plain name is another.
        #expect(try await add("birds", by: 2) == "birds@1")
        for name in ["birds@1", "alice/birds@1"] { #expect(try await meaning(name) == name) }
    }
}
