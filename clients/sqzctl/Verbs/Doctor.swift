internal import ArgumentParser
internal import Glibc
internal import SqzProtocol

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Looks for what may be amiss with the daemon and its machine, and says what to do.",
        discussion: """
            Needs no daemon that runs. For example:
              sqzctl doctor
              sqzctl --json doctor

            Exit status: 0 if nothing keeps the daemon from its work, else 1; 69 if it can't be reached, 77 if you may not use it.
            """)

    @OptionGroup var common: Common

    func run() throws {
        // Of another machine, what its daemon says.
        var findings = Daemon.host(common) == nil ? MachineFindings(path: Daemon.socket(common.socket)).all : []
        var status = findings.contains { $0.state == .failed } ? EXIT_FAILURE : EXIT_SUCCESS
        do {
            let daemon = try DaemonFindings(of: Daemon(common.quiet)).all
            if daemon.contains(where: { $0.state == .failed }) { status = EXIT_FAILURE }
            findings += daemon
        } catch {
            guard let (message, code) = ExitStatus.describe(error) else { throw error }
            status = code
            findings.append(
                .failed(
                    "daemon", message, "what is amiss may stand above; else journalctl --unit sqzd.service --lines 50"))
        }
        if common.json {
            try Output.object(Report(findings: findings))
        } else {
            show(findings)
        }
        if status != EXIT_SUCCESS { throw ExitCode(status) }
    }

    private struct Report: Encodable {
        let findings: [Finding]
    }

    private func show(_ findings: [Finding]) {
        let width = 9 + (findings.map(\.name.columns).max() ?? 0)
        // Below, where a terminal has no room beside.
        let start = (Display.columns ?? .max) - width - 2 < 20 ? 4 : width + 2
        for finding in findings {
            let head = [(finding.state.rawValue.padded(to: 7), finding.state.paint), ("  \(finding.name)", nil)]
            Output.hanging(head, finding.found, at: start)
            if let advice = finding.advice { Output.hanging([], advice, at: start + 2) }
        }
    }
}
