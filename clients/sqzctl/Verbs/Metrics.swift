internal import ArgumentParser
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct Metrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints figures for a monitoring system, in Prometheus' text format.",
        discussion: """
            sqzd-metrics.timer writes them for the node exporter's textfile collector, and sqzd-metrics-http.socket answers GET \
            /metrics on a Unix socket. For example:
              sqzctl metrics
              sqzctl metrics --output /var/lib/prometheus/node-exporter/sqzd.prom
            """)

    @Option(
        help: "Write them to a file, which is there whole or not at all, instead of one that is there.",
        completion: .file(extensions: ["prom"]))
    var output: String?
    @Flag(help: "Write OpenMetrics 1.0, which promtool and the textfile collector do not read.") var openmetrics = false
    @Flag(help: "Answer the HTTP request that comes on standard input, which systemd makes a connection.")
    var http = false
    @OptionGroup var common: Common

    func validate() throws {
        let others = [output.map { _ in "--output" }, http ? "--http" : nil, common.json ? "--json" : nil].compactMap {
            $0
        }
        guard others.count <= 1 else { throw ValidationError("\(others[0]) and \(others[1]) exclude each other") }
        if openmetrics, http { throw ValidationError("with --http, whoever asks says whether it is --openmetrics") }
    }

    func run() throws {
        if http { return try answer() }
        try Daemon(common).show(ManagerInterface.Metrics.self, NoParameters()) { reply in
            let text = Exposition(reply, openmetrics ? .openMetrics : .prometheus).text
            guard let output else { return Output.write(text) }
            let file = try NewFile(path: output, force: true)
            try file.write(Array(text.utf8))
            try file.commit()
        }
    }

    // HTTP

    private func answer() throws {
        let plain = "text/plain; charset=utf-8"
        guard let request = HTTPRequest(reading: STDIN_FILENO) else {
            return respond("400 Bad Request", plain, "This is no HTTP request.\n")
        }
        guard request.path == "/metrics" else {
            return respond("404 Not Found", plain, "There is nothing but /metrics.\n", request)
        }
        guard ["GET", "HEAD"].contains(request.method) else {
            return respond("405 Method Not Allowed\r\nAllow: GET, HEAD", plain, "Right would be GET.\n", request)
        }
        let format: Exposition.Format =
            request.accepts.contains("application/openmetrics-text") ? .openMetrics : .prometheus
        do {
            let reply = try Daemon(common).call(ManagerInterface.Metrics.self, NoParameters())
            respond("200 OK", format.contentType, Exposition(reply, format).text, request)
        } catch {
            // Whoever asked is told, and so is the journal.
            respond("503 Service Unavailable", plain, "The daemon does not answer.\n", request)
            throw error
        }
    }

    private func respond(_ status: String, _ type: String, _ body: String, _ request: HTTPRequest? = nil) {
        Output.write(
            """
            HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\
            Connection: close\r\n\r\n
            """)
        if request?.method != "HEAD" { Output.write(body) }
    }
}
