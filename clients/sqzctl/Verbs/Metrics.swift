internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Metrics: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints figures for a monitoring system, in Prometheus' text format.",
        discussion: """
            For example, for the node exporter's textfile collector:
              sqzctl metrics > /var/lib/prometheus/node-exporter/sqzd.prom
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ManagerInterface.Metrics.self, NoParameters()) { reply in
            var last = ""
            for metric in reply.metrics {
                if metric.name != last {
                    Output.line("# HELP \(metric.name) \(metric.help)")
                    Output.line("# TYPE \(metric.name) \(metric.kind.rawValue)")
                    last = metric.name
                }
                let labels = metric.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }
                Output.line(
                    metric.name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " \(metric.value)")
            }
        }
    }
}
