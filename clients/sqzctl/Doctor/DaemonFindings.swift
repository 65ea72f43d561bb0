internal import Glibc
internal import SqzProtocol
internal import Varlink

/// What the daemon says of itself and its machine.
struct DaemonFindings {
    private let info: ManagerInterface.Info.Reply
    private let diagnosis: ManagerInterface.Diagnose.Reply
    private let disk: ManagerInterface.Disk.Reply
    private let runners: [RunnerInfo]

    init(of daemon: Daemon) throws {
        info = try daemon.call(ManagerInterface.Info.self, NoParameters())
        diagnosis = try daemon.call(ManagerInterface.Diagnose.self, NoParameters())
        disk = try daemon.call(ManagerInterface.Disk.self, NoParameters())
        runners = try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners
    }

    var all: [Finding] {
        [version, log, files, missing, freeDisk] + [ownDisk].compactMap { $0 } + [speed] + runnerFindings
            + [landlock, processor, processors].compactMap { $0 }
    }

    private var version: Finding {
        .expect(
            "daemon", info.version == Version.current,
            """
            sqzd \(info.version) since \(Format.time(info.startedAt)), with \(Format.count(info.jobs.running, "running job"))
            """,
            else:
                "this is sqzctl \(Version.current); restart the daemon after an upgrade: systemctl restart sqzd.service"
        )
    }

    private var log: Finding {
        .ok("log", diagnosis.journal ? "in the journal: journalctl --unit sqzd" : "on the daemon's standard error")
    }

    private var files: Finding {
        .expect(
            "limits", diagnosis.connectionsLimit >= Limits.connectionsPerUser,
            """
            \(Format.number(diagnosis.openFiles)) of \(Format.number(diagnosis.openFilesLimit)) files open, \
            \(Format.number(diagnosis.connectionsLimit)) connections may be
            """,
            else: "raise LimitNOFILE= of sqzd.service to 8192, or ulimit -n before sqzd is started")
    }

    private var missing: Finding {
        guard let first = diagnosis.missing.first else { return .ok("models, data", "all of their files are there") }
        let others = diagnosis.missing.count - 1
        return .failed(
            "models, data", "the file of \(first) is missing\(others == 0 ? "" : ", and those of \(others) more")",
            "sqzctl restore a backup elsewhere and copy its blobs/ to \(info.stateDirectory); or remove what can't be used"
        )
    }

    private var freeDisk: Finding {
        let found = "\(Format.bytes(diagnosis.freeDisk)) free for \(info.stateDirectory)"
        guard diagnosis.freeDisk > diagnosis.reserve else {
            return .failed(
                "free disk", "\(found), of which \(Format.bytes(diagnosis.reserve)) must stay free",
                "sqzctl prune --dry-run says what can go; or a smaller freeDiskMiB in sqzd.json")
        }
        return .expect(
            "free disk", diagnosis.freeDisk - diagnosis.reserve > 1 << 30, found,
            else: "sqzctl disk says who has what, sqzctl prune --dry-run what can go")
    }

    /// This user's share; who that is on another machine is not known here.
    private var ownDisk: Finding? {
        guard !RemoteHost.isUsed else { return nil }
        let mine = disk.parts.filter { $0.uid == Int(getuid()) }.reduce(0) { $0 + $1.bytes }
        return .expect(
            "own disk", mine < disk.userLimit / 10 * 9,
            "\(Format.bytes(mine)) of \(Format.bytes(disk.userLimit)) are this user's",
            else: "sqzctl prune --dry-run says what can go; or userDiskMiB in sqzd.json")
    }

    /// Each submission waits for the disk; a hundredth of a second is what a spinning disk takes.
    private var speed: Finding {
        guard diagnosis.syncSeconds > 0 else { return .ok("disk speed", "not measured: the disk is full") }
        let milliseconds = diagnosis.syncSeconds * 1_000
        let time = milliseconds < 0.1 ? "less than 0.1" : Format.decimal(milliseconds, places: 1)
        return .expect(
            "disk speed", diagnosis.syncSeconds < 0.1, "a write takes \(time) ms until it is on the disk",
            else: "each job waits for that several times; a state directory on another disk (--state-dir) is faster")
    }

    private var runnerFindings: [Finding] {
        guard !runners.isEmpty else {
            return [
                .failed("runners", "there are none", "runnerDirectories in sqzd.json must name where they are")
            ]
        }
        return runners.map { runner in
            if let error = runner.error {
                return .failed("runner", "\(runner.path): \(error)", "run it by hand; or remove it from its directory")
            }
            let kinds = runner.kinds.map(\.name).joined(separator: ", ")
            return .ok("runner", "\(runner.name) \(runner.version): \(kinds)")
        }
    }

    private func property(_ name: String) -> String? { runners.lazy.compactMap { $0.properties[name] }.first }

    private var landlock: Finding? {
        property("landlock").map { version in
            .expect(
                "confinement", version != "0",
                version == "0" ? "seccomp alone: this kernel has no Landlock" : "seccomp and Landlock \(version)",
                else: "runners can read what user \(Format.user(info.uid)) can; Linux 5.13 with lsm=landlock,… has it")
        }
    }

    private var processor: Finding? {
        #if arch(x86_64)
        let slow = ["baseline", "scalar"]
        #else
        let slow = ["scalar"]
        #endif
        return info.kernels.map { kernels in
            .expect(
                "processor", !slow.contains(kernels), "kernels for \(kernels)",
                else: "this processor has neither AVX2 nor AVX-512: trainings take several times as long")
        }
    }

    private var processors: Finding? {
        guard let usable = info.usableProcessors, let reason = info.usableReason, usable < info.processors else {
            return .ok("processors", Format.number(info.processors))
        }
        return .warning(
            "processors", "\(usable) of \(info.processors): \(reason)", "give the daemon more, if that is not meant")
    }
}
