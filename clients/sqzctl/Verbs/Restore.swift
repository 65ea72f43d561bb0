internal import ArgumentParser
internal import Glibc
internal import SqzProtocol

struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a state directory of a backup, where no daemon runs.",
        discussion: """
            Checks each file by its checksum; nothing is there unless all of it is. A daemon that starts there goes on from the moment \
            of the backup. For example:
              systemctl stop sqzd.socket sqzd.service
              sqzctl restore /srv/backup/sqzd.tar
              systemctl start sqzd.socket sqzd.service
            """)

    @Argument(help: "What sqzctl backup wrote; - is standard input.", completion: .file()) var file: String
    @Option(
        name: .customLong("state-dir"),
        help: "Where to put it, empty or not there. By default /var/lib/sqzd for root, else $XDG_STATE_HOME/sqzd.",
        completion: .directory)
    var stateDirectory: String?
    @OptionGroup var common: Common

    func run() throws {
        guard common.host == nil else {
            throw UsageError(description: "restore makes a state directory on this machine; right would be no --host")
        }
        let directory = try stateDirectory ?? Self.usualDirectory()
        guard !directory.isEmpty else { throw UsageError(description: "--state-dir is empty; right would be a path") }
        let descriptor =
            file == "-" ? STDIN_FILENO : try Reading.open(file, pipes: true, right: "what sqzctl backup wrote")
        let name = file == "-" ? "standard input" : file
        var archive = TarReader(descriptor, name)
        // A file that is none leaves no directory behind.
        guard var member = try archive.next() else { throw InputError(name, bad: "is empty: it is no backup of sqzd") }
        let state = try RestoredState(at: directory)
        do {
            var checksums: [UInt8]?
            while true {
                let found = try state.add(member.name) { try archive.read() }
                if member.name == BackupArchive.checksums { checksums = found }
                Output.live("\(Format.count(state.count, "file")), \(Format.bytes(state.bytes))")
                guard let next = try archive.next() else { break }
                member = next
            }
            guard let checksums else {
                throw InputError(name, bad: "has no checksums: it is no backup of sqzd, or not all of one")
            }
            try state.commit(checksums, from: name)
        } catch {
            try state.abandon()
            throw error
        }
        Output.endLive()
        if common.json {
            try Output.object(Made(stateDirectory: directory, files: state.count, bytes: state.bytes))
        } else {
            Output.line("\(directory): \(Format.count(state.count, "file")), \(Format.bytes(state.bytes))")
        }
    }

    private struct Made: Encodable {
        let stateDirectory: String
        let files: Int
        let bytes: Int
    }

    /// Where the daemon keeps its state that is started in the usual way.
    private static func usualDirectory() throws -> String {
        if geteuid() == 0 { return "/var/lib/sqzd" }
        if let home = Daemon.variable("XDG_STATE_HOME") { return home + "/sqzd" }
        guard let home = Daemon.variable("HOME") else {
            throw UsageError(description: "no place for the state: give --state-dir")
        }
        return home + "/.local/state/sqzd"
    }
}
