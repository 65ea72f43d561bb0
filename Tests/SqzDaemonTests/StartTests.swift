import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// What keeps a daemon from starting, and what it then says.
@Suite struct StartTests {
    private func expectRefusal(
        _ daemon: TestDaemon, _ words: String..., at location: SourceLocation = #_sourceLocation
    ) throws {
        let transcript = try daemon.startAndFail()
        #expect(transcript.ending == .exited(1), sourceLocation: location)
        #expect(transcript.output.isEmpty, sourceLocation: location)
        for word in words where !word.isEmpty {
            #expect(transcript.errors.contains(word), "\(transcript.errors)", sourceLocation: location)
        }
    }

    @Test func aSecondInstanceOnTheSameState() throws {
        let first = try TestDaemon(runners: [.countdown])
        let id = try first.block()
        let second = try TestDaemon(runners: [.countdown], starts: false, state: first.state)
        try expectRefusal(second, "another sqzd uses \(first.state)")
        #expect(try first.job(id).state == .running)
        try first.stop()
    }

    @Test func aSocketThatIsInUse() throws {
        let first = try TestDaemon(runners: [.countdown])
        let second = try TestDaemon(runners: [.countdown], starts: false, socket: first.socket)
        try expectRefusal(second, "another daemon listens on \(first.socket)")
        #expect(try first.end(of: first.countDown(from: 1)).state == .succeeded)
        try first.stop()
    }

    @Test func aSocketThatAKilledDaemonLeftIsReplaced() throws {
        let daemon = try TestDaemon(runners: [])
        daemon.kill()
        #expect(FileManager.default.fileExists(atPath: daemon.socket))
        try daemon.start()
        let mode = try FileManager.default.attributesOfItem(atPath: daemon.socket)[.posixPermissions] as? Int
        #expect(mode == 0o660)
        try daemon.stop()
    }

    @Test(arguments: ["a regular file", "a directory", "a symbolic link", "a FIFO"])
    func whatIsNoSocketIsLeftAsItIs(kind: String) throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        let path = daemon.socket
        switch kind {
        case "a regular file": try daemon.scratch.write("socket", Array("precious".utf8))
        case "a directory": try #require(mkdir(path, 0o700) == 0)
        case "a FIFO": try #require(mkfifo(path, 0o600) == 0)
        default: try #require(symlink("elsewhere", path) == 0)
        }
        func status() throws -> (ino_t, mode_t, Int) {
            var status = stat()
            try #require(lstat(path, &status) == 0)
            return (status.st_ino, status.st_mode, status.st_size)
        }
        let before = try status()
        try expectRefusal(daemon, "\(path) can't be the socket: it is \(kind); it was left as it is")
        #expect(try status() == before)
    }

    @Test func aSocketOfAnotherKindThatIsInUseIsLeftAsItIs() throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        let socket = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        try #require(withSocketAddress(daemon.socket) { bind(socket, $0, $1) } == 0)
        try expectRefusal(daemon, "\(daemon.socket) can't be the socket", "Protocol wrong type for socket")
        #expect(FileManager.default.fileExists(atPath: daemon.socket))
    }

    @Test func atItsEndADaemonRemovesNoFileButItsOwn() throws {
        let daemon = try TestDaemon(runners: [])
        try #require(unlink(daemon.socket) == 0)
        try daemon.scratch.write("socket", Array("precious".utf8))
        try daemon.stop()
        #expect(try daemon.scratch.read("socket") == Array("precious".utf8))
    }

    @Test func withoutRunnersItSaysWhereItLooked() throws {
        let daemon = try TestDaemon(runners: [])
        try daemon.wait(for: "there is no runner in \(daemon.scratch["runners"]): nothing can be trained")
        try daemon.stop()
    }

    @Test func aSocketPathThatIsTooLong() throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        let path = daemon.scratch[String(repeating: "x", count: 120)]
        try expectRefusal(try TestDaemon(runners: [], starts: false, socket: path), "File name too long", path)
    }

    @Test func aStateDirectoryThatIsAFile() throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write("file", [])
        try expectRefusal(try TestDaemon(runners: [], starts: false, state: file + "/state"), file, "Not a directory")
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become"))
    func aStateDirectoryThatMayNotBeWritten() throws {
        let scratch = try ScratchDirectory()
        let daemon = try TestDaemon(runners: [], launcher: OtherUser.launcher, starts: false, state: scratch["state"])
        try expectRefusal(daemon, scratch["state"], "Permission denied")
    }

    @Test func aDatabaseOfANewerVersionIsNotTouched() throws {
        let daemon = try TestDaemon(runners: [])
        try daemon.stop()
        let path = daemon.state + "/sqzd.db"
        try Oracle.run(
            "python3",
            [
                "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1]) as database:
                    database.execute("INSERT INTO grdb_migrations VALUES ('999')")
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.close()
                """, path,
            ])
        let before = FileManager.default.contents(atPath: path)
        try expectRefusal(daemon, "newer version", path)
        #expect(before != nil && FileManager.default.contents(atPath: path) == before)
    }

    /// Else all that they named would go.
    @Test(arguments: [nil, ""])
    func missingRecordsAreNotBegunAnewBesideModels(content: String?) throws {
        let daemon = try TestDaemon(runners: [])
        try daemon.stop()
        let (path, blob) = (daemon.state + "/sqzd.db", "state/blobs/" + String(repeating: "a", count: 64))
        try #require(unlink(path) == 0)
        if let content { try daemon.scratch.write("state/sqzd.db", Array(content.utf8)) }
        try daemon.scratch.write(blob, Array("precious".utf8))
        try expectRefusal(daemon, "\(path) is missing, but blobs beside it is not empty")
        #expect(try daemon.scratch.read(blob) == Array("precious".utf8))
        #expect(FileManager.default.fileExists(atPath: path) == (content != nil))
    }

    /// A restore that was killed before the records came says what to do.
    @Test func whatARestoreLeftIsNoState() throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        try daemon.scratch.write("state/restoring/sqzd.db", [])
        try expectRefusal(daemon, "run sqzctl restore again, which was interrupted")
    }

    @Test func recordsThatNameFilesElsewhere() throws {
        let daemon = try TestDaemon()
        try daemon.importColours()
        try daemon.stop()
        let path = daemon.state + "/sqzd.db"
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1]) as database:
                database.execute("UPDATE datasets SET sha256 = '../../victim'")
            database.close()
            """
        try Oracle.run("python3", ["-c", script, path])
        try expectRefusal(daemon, "the state is damaged: \(path): ../../victim is no sha256")
    }

    @Test func aDatabaseThatIsNone() throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        try daemon.scratch.write("state/sqzd.db", Array("this is no database, but long enough to look at".utf8))
        let path = daemon.state + "/sqzd.db"
        try expectRefusal(daemon, path, "not a database")
        #expect(try daemon.scratch.read("state/sqzd.db").starts(with: Array("this is no".utf8)))
    }

    @Test(arguments: [
        ("{", ""), ("[]", ""), (#"{"runningJobs": 0}"#, "runningJobs must be from 1 to 64, is 0"),
        (#"{"runningJobs": "many"}"#, "runningJobs must be a whole number"),
        (#"{"runnerDirectories": [7]}"#, "runnerDirectories must be a list of texts"),
        (#"{"administrators": ["adm"]}"#, "administrators must be a text"),
        (#"{"unloadAfterSeconds": 0}"#, "unloadAfterSeconds must be from 1"),
        (#"{"runningJobsPerUser": 65}"#, "runningJobsPerUser must be from 1 to 64, is 65"),
        (#"{"runningJob": 1}"#, "there is no setting runningJob; there are administrators, dataDirectories"),
        (#"{"runningJobs": 1, "runningJobs": 2}"#, "runningJobs"),
        (#"{"launchers": ["mpirun"]}"#, "launchers must be objects by their names"),
        (
            #"{"launchers": {"a": {"users": []}}}"#,
            "a must have a command, or slurm with options of sbatch, and not both"
        ),
        (#"{"launchers": {"a": {"command": ["x", "{ranks}"], "slurm": []}}}"#, "and not both"),
        (#"{"launchers": {"a": {"slurm": ["--account", "b"]}}}"#, "each with its value: --account=vision"),
        (#"{"launchers": {"a": {"slurm": [], "jobs": 0}}}"#, "the jobs of a must be from 1 to 256"),
        (#"{"launchers": {"a": {"command": ["x", "{ranks}"], "user": "b"}}}"#, "user"),
        (#"{"launchers": {"a": {"command": ["mpirun"]}}}"#, "the command of a must be words, with {ranks}"),
        (#"{"launchers": {"a": {"command": ["x", "{ranks}"], "ranks": 0}}}"#, "the ranks of a must be 1 or more"),
    ]) func aConfigurationThatCannotBeUsed(text: String, words: String) throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        try daemon.scratch.write("sqzd.json", Array(text.utf8))
        try expectRefusal(daemon, "configuration can't be used", words)
    }

    @Test func aConfigurationThatIsNotThere() throws {
        let daemon = try TestDaemon(runners: [], starts: false)
        unlink(daemon.configurationFile)
        try expectRefusal(daemon, "configuration can't be used", daemon.configurationFile)
    }

    @Test func whatTheConfigurationNamesAndThereIsNotIsTold() throws {
        let daemon = try TestDaemon(
            runners: [.countdown],
            configuration: ["administrators": .string("no-such-group"), "defaultModel": .string("absent")])
        let warnings = [
            "administrators: there is no group no-such-group: until there is, it makes nobody an administrator",
            "defaultModel: there is no model absent; there is not any model",
        ]
        for warning in warnings { #expect(daemon.reports.contains { $0.contains(warning) }, "\(daemon.reports)") }
        let count = daemon.reports.count
        try daemon.reload()
        for warning in warnings { #expect(daemon.reports.dropFirst(count).contains { $0.contains(warning) }) }
        try daemon.stop()
    }

    @Test func nobodyElseReadsTheRecordsWhoeverMadeTheDirectory() throws {
        let daemon = try TestDaemon(runners: [.countdown], starts: false)
        try #require(mkdir(daemon.state, 0o755) == 0)
        func expectClosed() throws {
            for file in ["sqzd.db", "sqzd.db-wal", "sqzd.db-shm"] {
                let path = "\(daemon.state)/\(file)"
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file)")
            }
        }
        try daemon.start()
        try daemon.end(of: daemon.countDown(from: 1))
        try expectClosed()
        // As older versions left it.
        daemon.kill()
        for file in ["sqzd.db", "sqzd.db-wal"] { try #require(chmod("\(daemon.state)/\(file)", 0o644) == 0) }
        try daemon.start()
        try expectClosed()
        #expect(daemon.reports.contains { $0.contains("they were checked, and are whole") })
        try daemon.stop()
        try daemon.start()
        #expect(!daemon.reports.contains { $0.contains("checked") })
        try daemon.stop()
    }

    @Test func theEnvironmentGoesOverTheFile() throws {
        let daemon = try TestDaemon(
            runners: [.countdown], configuration: ["runningJobs": .integer(1)], environment: ["SQZD_RUNNING_JOBS": "2"])
        let ids = [try daemon.block(), try daemon.block()]
        #expect(try ids.map { try daemon.job($0).state } == [.running, .running])
        try daemon.stop()
    }

    @Test func runnersThatAreNotThereAreNoneAndJobsOfTheirsFail() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let blocker = try daemon.block()
        let id = try daemon.countDown()
        try daemon.stop()
        unlink(daemon.scratch["runners/countdown"])
        try daemon.start()
        #expect(try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners == [])
        for id in [blocker, id] {
            let job = try daemon.end(of: id)
            #expect(job.state == .failed && job.reason != nil)
        }
        try daemon.stop()
    }
}

/// Reading the configuration again.
@Suite(.serialized) struct ReloadTests {
    @Test func aChangedRunnerDirectoryIsLookedAtAgain() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let id = try daemon.block()
        func names() throws -> [String] {
            try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners.map(\.name)
        }
        #expect(try names() == ["countdown"])
        try daemon.add(.python("another"))
        try daemon.configure(["runningJobs": .integer(2)])
        try daemon.reload()
        #expect(try names() == ["another", "countdown"])
        // What ran goes on; there is room for one more beside it.
        #expect(try daemon.end(of: daemon.submit(.init(kind: "scripted"))).state == .succeeded)
        #expect(try daemon.job(id).state == .running)
        try daemon.stop()
    }

    @Test func aBrokenFileChangesNothing() throws {
        let daemon = try TestDaemon(runners: [.countdown])
        let before = try daemon.call(ManagerInterface.Info.self, NoParameters()).dataDirectories
        for text in ["{", #"{"runningJobs": 0, "dataDirectories": ["/elsewhere"]}"#] {
            try daemon.scratch.write("sqzd.json", Array(text.utf8))
            try daemon.reload(expecting: "configuration not changed")
            #expect(try daemon.call(ManagerInterface.Info.self, NoParameters()).dataDirectories == before)
            #expect(try daemon.end(of: daemon.countDown(from: 1)).state == .succeeded)
        }
        try daemon.configure(["dataDirectories": .array([.string("/elsewhere")])])
        try daemon.reload()
        #expect(try daemon.call(ManagerInterface.Info.self, NoParameters()).dataDirectories == ["/elsewhere"])
        try daemon.stop()
    }
}
