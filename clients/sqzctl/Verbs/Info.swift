internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the daemon: its version, where it keeps things, what it does now.",
        discussion: """
            For example:
              sqzctl info
            """)

    @OptionGroup var common: Common

    func run() throws {
        try Daemon(common).show(ManagerInterface.Info.self, NoParameters()) { reply in
            var fields = Fields()
            fields.add("version", reply.version)
            fields.add("process", "\(reply.pid), user \(Format.user(reply.uid)), since \(Format.time(reply.startedAt))")
            fields.add("state", reply.stateDirectory)
            fields.add("reads data below", reply.dataDirectories.joined(separator: ", "))
            fields.add("processors", processors(reply))
            fields.add("kernels", reply.kernels)
            let jobs = reply.jobs
            fields.add("jobs", "\(jobs.running) running, \(jobs.queued) waiting, \(jobs.paused) paused")
            fields.add("jobs ended", "\(jobs.succeeded) succeeded, \(jobs.failed) failed, \(jobs.cancelled) cancelled")
            fields.print()
        }
    }

    private func processors(_ info: ManagerInterface.Info.Reply) -> String {
        let all = String(info.processors)
        guard let usable = info.usableProcessors, let reason = info.usableReason else { return all }
        return "\(all), of which jobs may use \(usable): \(reason)"
    }
}
