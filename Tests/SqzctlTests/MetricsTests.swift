import Foundation
import SqzProtocol
import TestSupport
import Testing
import Varlink

/// `sqzctl metrics`: what is counted, and that those who read it can.
@Suite(.serialized, .daemon(trained: "tints")) struct MetricsTests {
    private let daemon: TestDaemon
    private let scratch: ScratchDirectory

    init() throws {
        daemon = try #require(TestDaemon.current)
        scratch = try ScratchDirectory()
    }

    private static let good = Colours.records(3, seed: 3).map { Data($0).base64EncodedString() }
    private static let bad = Data([1, 2, 3]).base64EncodedString()

    private func reply() throws -> ManagerInterface.Metrics.Reply {
        try daemon.call(ManagerInterface.Metrics.self, NoParameters())
    }

    /// A figure by its name and some of its labels; 0 where it is not told.
    private func value(_ name: String, _ labels: [String: String] = [:]) throws -> Double {
        let found = try reply().metrics.filter { metric in
            metric.name == name && labels.allSatisfy { metric.labels[$0.key] == $0.value }
        }
        #expect(found.count <= 1, "\(found)")
        return found.first?.value ?? 0
    }

    private func histogram(_ name: String, _ model: String) throws -> Histogram {
        try #require(try reply().histograms?.first { $0.name == name && $0.labels == ["model": model] })
    }

    @Test func aModelsCallsPicturesErrorsAndLoads() throws {
        let model = "counted"
        #expect(try daemon.train(as: model).state == .succeeded)
        func classify(_ images: [String], skipBad: Bool? = nil) throws -> VarlinkError? {
            try daemon.error(
                of: InferenceInterface.Classify.self, .init(images: images, model: model, skipBad: skipBad))
        }
        let unknown = try value("sqzd_errors_total", ["error": "io.sqzd.Inference.NoSuchModel"])
        for images in [[0], [0, 1, 2], [1, 2]] { #expect(try classify(images.map { Self.good[$0] }) == nil) }
        #expect(try classify([Self.good[0], Self.bad], skipBad: true) == nil)
        #expect(try classify([Self.bad]) != nil)
        let labels = ["model": "counted@1"]
        #expect(try value("sqzd_model_calls_total", labels) == 5)
        #expect(try value("sqzd_model_images_total", labels) == 7)
        #expect(try value("sqzd_model_loads_total", labels) == 1)
        #expect(try value("sqzd_model_errors_total", ["model": "counted@1", "error": "BadImage"]) == 2)
        #expect(try value("sqzd_errors_total", ["error": "io.sqzd.Inference.BadImage"]) >= 1)
        let seconds = try histogram("sqzd_model_call_seconds", "counted@1")
        #expect(seconds.count == 5 && seconds.counts.reduce(0, +) == 5 && seconds.sum > 0)
        let batches = try histogram("sqzd_model_batch_images", "counted@1")
        #expect(batches.count == 5 && batches.sum == 9)
        #expect(batches.counts.prefix(3) == [2, 2, 1])

        try daemon.call(ModelsInterface.Unload.self, .init(model: model))
        #expect(try classify([Self.good[0]]) == nil)
        #expect(try value("sqzd_model_loads_total", labels) == 2)
        // It goes with the model.
        try daemon.call(ModelsInterface.Remove.self, .init(model: model))
        #expect(try classify([Self.good[0]]) != nil)
        #expect(try value("sqzd_errors_total", ["error": "io.sqzd.Inference.NoSuchModel"]) == unknown + 1)
        #expect(try reply().metrics.allSatisfy { $0.labels["model"] != "counted@1" })
        #expect(try reply().histograms?.allSatisfy { $0.labels["model"] != "counted@1" } == true)
    }

    @Test func theQueueByUserAndKind() throws {
        let labels = ["kind": "countdown", "uid": String(getuid())]
        func count(_ state: State) throws -> Double {
            try value("sqzd_queue_jobs", labels.merging(["state": state.rawValue]) { $1 })
        }
        #expect(try count(.running) == 0)
        let blocker = try daemon.block()
        let waiting = try (0..<2).map { _ in try daemon.countDown() }
        #expect(try count(.running) == 1 && count(.queued) == 2 && count(.paused) == 0)
        let wait = try value("sqzd_queue_wait_seconds", labels)
        #expect(wait > 0 && wait < 60)
        #expect(try value("sqzd_queue_wait_seconds", labels) > wait)
        for id in waiting + [blocker] { try daemon.cancel(id) }
        _ = try daemon.end(of: blocker)
        #expect(try count(.running) == 0 && count(.queued) == 0)
        #expect(try reply().metrics.allSatisfy { $0.name != "sqzd_queue_wait_seconds" })
    }

    @Test func aRunningTraining() throws {
        let job = try daemon.submit(
            .init(kind: "train", options: ["epochs": .integer(10_000), "batch-size": .integer(20)], dataset: "colours"))
        try daemon.watch(job) { $0.progress?.imagesPerSecond != nil && $0.progress?.loss != nil ? .stop : .more }
        let labels = ["job": "\(job)", "kind": "train"]
        #expect(try value("sqzd_job_images_per_second", labels) > 0)
        #expect(try value("sqzd_job_loss", labels) > 0)
        try daemon.cancel(job)
        _ = try daemon.end(of: job)
        #expect(try reply().metrics.allSatisfy { $0.labels["job"] == nil })
    }

    /// Has something in every figure.
    private func fill() throws {
        try daemon.call(InferenceInterface.Classify.self, .init(images: Self.good))
        _ = try daemon.error(of: InferenceInterface.Classify.self, .init(images: [Self.bad]))
    }

    private static let hasParser =
        Oracle.python.map { python in
            (try? Transcript.run([python, "-c", "import prometheus_client"]))?.ending == .exited(0)
        } ?? false

    @Test(.enabled(if: hasParser, "SQZ_PYTHON names no Python with prometheus_client"), arguments: [false, true])
    func othersReadIt(openMetrics: Bool) throws {
        try fill()
        let transcript = try Sqzctl.run(socket: daemon.socket, ["metrics"] + (openMetrics ? ["--openmetrics"] : []))
        transcript.expect(0)
        let file = try scratch.write("metrics", Array(transcript.output.utf8))
        let script = """
            import json, sys
            from prometheus_client\(openMetrics ? ".openmetrics" : "").parser import text_string_to_metric_families
            families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
            assert len({family.name for family in families}) == len(families) > 10, families
            assert all(family.documentation and family.type != "unknown" for family in families), families
            json.dump([[s.name, s.labels, repr(s.value)] for family in families for s in family.samples], sys.stdout)
            """
        let bytes = try Oracle.run(try #require(Oracle.python), ["-c", script, file])
        let samples = try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [[Any]])
        func value(_ name: String, _ labels: [String: String]) -> Double? {
            samples.first { $0[0] as? String == name && $0[1] as? [String: String] == labels }.flatMap {
                Double($0[2] as? String ?? "")
            }
        }
        // Twice the same, through us and through them.
        let reply = try reply()
        let model = ["model": "tints@1"]
        for name in ["sqzd_model_calls_total", "sqzd_model_images_total", "sqzd_model_loads_total"] {
            #expect(try value(name, model) == self.value(name, model) && value(name, model)! > 0)
        }
        #expect(value("sqzd_calls_total", [:])! > 0 && value("sqzd_jobs", ["state": "succeeded"])! > 0)
        for histogram in try #require(reply.histograms) {
            var below = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                below += count
                let labels = histogram.labels.merging(["le": String(bound)]) { $1 }
                #expect(value(histogram.name + "_bucket", labels) == Double(below))
            }
            #expect(value(histogram.name + "_count", histogram.labels) == Double(histogram.count))
            #expect(value(histogram.name + "_sum", histogram.labels) == histogram.sum)
        }
    }

    private static let hasPromtool = (try? Transcript.run(["promtool", "--version"]))?.ending == .exited(0)

    @Test(.enabled(if: hasPromtool, "promtool is missing: apt install prometheus"))
    func promtoolHasNothingToSay() throws {
        try fill()
        let text = try Sqzctl.run(daemon, "metrics").output
        let told = try Transcript.run(["promtool", "check", "metrics"], input: Array(text.utf8))
        #expect(told.ending == .exited(0) && told.output.isEmpty && told.errors.isEmpty, "\(told)")
    }

    @Test func aFileIsThereWholeAndReadable() throws {
        let folder = scratch["collector"]
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let file = folder + "/sqzd.prom"
        for _ in 0..<2 {
            let words = ["--socket", daemon.socket, "metrics", "--output", file]
            let transcript = try Sqzctl.run(
                socket: daemon.socket, words, launcher: ["sh", "-c", "umask 022; exec \"$@\"", "sh"])
            transcript.expect(0)
            #expect(transcript.output.isEmpty)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.hasPrefix("# HELP ") && text.contains("\nsqzd_calls_total ") && text.hasSuffix("\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["sqzd.prom"])
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o644)
        }
        try Sqzctl.run(daemon, "metrics", "--output", scratch["no/sqzd.prom"]).expect(66, "no/sqzd.prom: No such file")
        // What was there stays while there is no daemon.
        let before = try Data(contentsOf: URL(fileURLWithPath: file))
        try Sqzctl.run(socket: scratch["nowhere"], ["metrics", "--output", file]).expect(69, "no daemon")
        #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
        for words in [["--output", file, "--http"], ["--output", file, "--json"], ["--http", "--openmetrics"]] {
            try Sqzctl.run(socket: daemon.socket, ["metrics"] + words).expect(64, "--")
        }
    }

    /// What comes back for what a client sends: the status line and fields, and the body.
    private func ask(_ request: String, socket: String? = nil, status: Int32 = 0) throws -> (
        head: [String], body: String
    ) {
        let transcript = try Sqzctl.run(
            socket: socket ?? daemon.socket, ["metrics", "--http"], input: Array(request.utf8))
        #expect(transcript.ending == .exited(status), "\(transcript.errors)")
        let parts = transcript.output.components(separatedBy: "\r\n\r\n")
        try #require(parts.count == 2, "\(transcript.output)")
        return (parts[0].components(separatedBy: "\r\n"), parts[1])
    }

    @Test func httpIsAnswered() throws {
        let (head, body) = try ask("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n")
        #expect(head[0] == "HTTP/1.1 200 OK")
        #expect(head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
        #expect(head.contains("Content-Length: \(body.utf8.count)") && head.contains("Connection: close"))
        #expect(body.hasPrefix("# HELP ") && body.contains("\nsqzd_calls_total ") && !body.contains("# EOF"))
        // As Prometheus asks.
        let accept = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5"
        let open = try ask("GET /metrics?x=1 HTTP/1.1\r\nhost: x\r\naccept: \(accept)\r\n\r\n")
        #expect(open.head.contains { $0.hasPrefix("Content-Type: application/openmetrics-text; version=1.0.0") })
        #expect(open.body.hasSuffix("\n# EOF\n"))
        let alone = try ask("HEAD /metrics HTTP/1.0\r\n\r\n")
        #expect(alone.head[0] == "HTTP/1.1 200 OK" && alone.body.isEmpty)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n\r\n", "404"), ("POST /metrics HTTP/1.1\r\n\r\n", "405"), ("GET /metrics\r\n\r\n", "400"),
        ("GET /metrics HTTP/2\r\n\r\n", "400"), ("GET /metrics HTTP/1.1\r\nHost: x\r\n", "400"), ("", "400"),
        ("GET /" + String(repeating: "x", count: 20_000) + " HTTP/1.1\r\n\r\n", "400"),
    ]) func whatIsNotAskedSoIsRefused(request: String, status: String) throws {
        let (head, body) = try ask(request)
        #expect(head[0].hasPrefix("HTTP/1.1 \(status) ") && head.contains("Content-Length: \(body.utf8.count)"))
    }

    @Test func httpSaysThatThereIsNoDaemon() throws {
        let (head, _) = try ask("GET /metrics HTTP/1.1\r\n\r\n", socket: scratch["nowhere"], status: 69)
        #expect(head[0] == "HTTP/1.1 503 Service Unavailable")
    }
}
