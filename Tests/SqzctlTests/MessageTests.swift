import Glibc
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// Every message says what was wrong, where, and what would be right.
@Suite(
    .serialized, .daemon { try TestDaemon(configuration: ["userDiskMiB": .integer(1)]) }) struct MessageTests
{
    private let daemon: TestDaemon

    init() throws { daemon = try #require(TestDaemon.current) }

    @Test(arguments: [
        (["trian"], "there is no verb trian; did you mean train? sqzctl --help lists those there are"),
        (["job"], "there is no verb job; did you mean jobs? sqzctl --help lists those there are"),
        (
            ["--json", "clasify", "x"],
            "there is no verb clasify; did you mean classify? sqzctl --help lists those there are"
        ),
        (
            ["--socket", "jobs", "sohw"],
            "there is no verb sohw; did you mean show? sqzctl --help lists those there are"
        ),
        (["--socket=x", "dance"], "there is no verb dance; sqzctl --help lists those there are"),
        (
            ["model", "exprt", "m", "f"],
            "there is no verb model exprt; did you mean model export? sqzctl model --help lists those there are"
        ),
        (["dataset", "dance"], "there is no verb dataset dance; sqzctl dataset --help lists those there are"),
        (["SHOW", "7"], "there is no verb SHOW; did you mean show? sqzctl --help lists those there are"),
        (
            ["jobs", "remove"],
            "there is no verb jobs remove; did you mean jobs rm? sqzctl jobs --help lists those there are"
        ),
        (["jobs", "show"], "there is no verb jobs show; did you mean show? sqzctl jobs --help lists those there are"),
        (["help", "trian"], "there is no verb trian; did you mean train? sqzctl --help lists those there are"),
        (["help", "model", "dance"], "there is no verb model dance; sqzctl model --help lists those there are"),
    ]) func anUnknownVerb(words: [String], message: String) throws {
        let transcript = try Sqzctl.run(socket: "/nowhere", words)
        let isTold =
            words.contains("--json")
            ? transcript.errors.contains("\"message\":\"\(message)\"") : transcript.errors == "sqzctl: \(message)\n"
        #expect(transcript.ending == .exited(64) && isTold, "\(transcript.errors)")
    }

    @Test func numbersThatAreNone() throws {
        for option in ["epochs=", "epochs=1.5", "epochs=x", "epochs=true"] {
            try Sqzctl.run(daemon, "submit", "train", "-o", option, "--data", "x").expect(
                64, "epochs: must be an integer, is ")
        }
        for timeout in ["nan", "inf", "1e300", "-1"] {
            try Sqzctl.run(daemon, "wait", "1", "--timeout", timeout)
                .expect(64, "--timeout must be from 0 to 316224000 seconds, is ")
        }
        for top in ["0", "1001", "-3"] {
            try Sqzctl.run(daemon, "classify", "x", "--top", top).expect(64, "--top must be from 1 to 1000, is \(top)")
        }
        for number in ["nan", "inf", "-inf"] {
            try Sqzctl.run(daemon, "train", "--learning-rate", number).expect(
                64, "sqzctl: learning-rate: \(number) can't be used; right would be 1e-09 to 10\n")
        }
        for time in ["-1", "0", "soon", "-2h"] {
            try Sqzctl.run(daemon, "train", "--time-limit", time).expect(
                64, "sqzctl: The value '\(time)' is invalid for '--time-limit <time>'\n",
                "seconds, more than 0, or as 90m")
            try Sqzctl.run(daemon, "train", "--deadline", time).expect(
                64, "sqzctl: The value '\(time)' is invalid for '--deadline <moment>'\n", "2026-12-01T08:00",
                "or as +2h")
        }
        for time in ["-1", "soon", "-2h"] {
            for option in ["--time-limit", "--deadline"] {
                try Sqzctl.run(daemon, "limit", "1", option, time).expect(
                    64, "The value '\(time)' is invalid for '\(option) <")
            }
        }
        try Sqzctl.run(daemon, "wait", "1", "--timeout", "soon").expect(64, "'soon'", "seconds, or as 90m, 2h")
        try Sqzctl.run(daemon, "wait", "1", "--timeout", "2h").expect(66, "there is no job 1")
        for option in ["--after", "--after-failure", "--after-any"] {
            try Sqzctl.run(daemon, "submit", "countdown", option, "-1").expect(66, "there is no job -1")
        }
        try Sqzctl.run(daemon, "submit", "countdown", "-o", "from=3", "-o", "delay=0", "-o", "from=3").expect(
            64, "sqzctl: from: is given twice; once would be right\n")
    }

    @Test func whatIsEmptyIsShown() throws {
        for verb in ["train", "evaluate"] {
            try Sqzctl.run(daemon, verb, "--data", "").expect(66, "there is no data set ''")
        }
        try Sqzctl.run(daemon, "model", "show", "").expect(66, "there is no model ''")
        try Sqzctl.run(daemon, "submit", "").expect(64, "no runner offers jobs of the kind ''")
        for words in [["--socket", "", "jobs"], ["jobs", "--socket", ""]] {
            try Sqzctl.run(socket: daemon.socket, words).expect(
                64, "sqzctl: --socket is empty; right would be a path\n")
        }
    }

    @Test func whatDoesNotReadStandardInputSaysSo() throws {
        for words in [["model", "import", "-"], ["model", "import", "-", "--name", "x"], ["dataset", "import", "-"]] {
            try Sqzctl.run(socket: daemon.socket, words)
                .expect(66, "sqzctl: -: standard input is not read here; right would be a file\n")
        }
    }

    @Test func statesAndWhatCanBeDone() throws {
        let blocker = try daemon.block()
        let id = try daemon.countDown()
        try Sqzctl.run(daemon, "retry", "\(id)")
            .expect(64, "sqzctl: job \(id) is queued; it can be paused, prioritized or cancelled\n")
        try Sqzctl.run(daemon, "pause", "\(id)").expect(0)
        try Sqzctl.run(daemon, "pause", "\(id)")
            .expect(64, "sqzctl: job \(id) is paused; it can be resumed, prioritized or cancelled\n")
        try daemon.cancel(id)
        try Sqzctl.run(daemon, "resume", "\(id)")
            .expect(64, "sqzctl: job \(id) has ended already: cancelled; it can be retried\n")
        try daemon.cancel(blocker)
    }

    @Test func sizesHaveUnits() throws {
        let scratch = try ScratchDirectory()
        let folder = try Colours.write(to: scratch, train: 500, test: 100)
        try Sqzctl.run(daemon, "dataset", "import", folder).expect(
            65,
            "bytes of your uploads, data sets, models, checkpoints, logs and predictions on the disk: the limit is 1.0 MB, there are "
        )
    }

    @Test(.enabled(if: OtherUser.isAvailable, "another user can't be become"))
    func whatOnlyAdministratorsMay() throws {
        #expect(chmod(daemon.socket, 0o666) == 0)
        func run(_ words: String...) throws -> Transcript {
            try Sqzctl.run(socket: daemon.socket, words, launcher: OtherUser.launcher)
        }
        let id = "\(try daemon.block())"
        try run("cancel", id).expect(
            77, "sqzctl: job \(id): not permitted: only its owner or an administrator may do this\n")
        try run("prioritize", id, "--priority", "5").expect(77, "only an administrator gives a priority above 0")
        try daemon.cancel(#require(Int(id)))
    }

    @Test func aModelThatJobsAreToMakeSaysSo() {
        func sentence(_ makers: [Int]) -> String {
            SqzError.noSuchModel(model: "x", known: ["y"], makers: makers).description
        }
        #expect(sentence([7]) == "there is no model x yet: job 7 is to make it (sqzctl wait 7)")
        #expect(sentence([7, 9]) == "there is no model x yet: jobs 7, 9 are to make it (sqzctl wait 9)")
        #expect(sentence([]) == "there is no model x; there are: y")
    }

    @Test func aLongListOfNamesIsCut() throws {
        let error = SqzError.noSuchModel(model: "x", known: (1...20).map { "m\($0)" }, makers: nil)
        #expect(error.description.hasSuffix("; there are: \((1...12).map { "m\($0)" }.joined(separator: ", ")), …"))
    }
}
