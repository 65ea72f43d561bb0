internal import ArgumentParser
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes all that the daemon keeps into one file, while it runs.",
        discussion: """
            Records, models, data sets, checkpoints and logs, as they are at one moment; not its configuration, nor uploads. A tar \
            file, with checksums that sha256sum reads. For administrators. For example:
              sqzctl backup /srv/backup/sqzd.tar
              sqzctl backup - | zstd > sqzd.tar.zst

            sqzctl restore makes a state directory of it.
            """)

    @Argument(help: "The file to write; - is standard output.", completion: .file()) var file: String
    @Flag(help: "Replace a file that is there.") var force = false
    @OptionGroup var common: Common

    func validate() throws {
        if file == "-", common.json { throw ValidationError("--json and - both print on standard output") }
    }

    func run() throws {
        let daemon = try Daemon(common)
        let target = file == "-" ? nil : try NewFile(path: file, force: force, mode: 0o600)
        var archive = BackupArchive.Writer { bytes in
            if let target { try target.write(bytes) } else { Output.write(bytes) }
        }
        try daemon.take(ManagerInterface.Backup.self, NoParameters()) { reply in
            if let file = reply.file { try archive.begin(file.name, size: file.size) }
            if let text = reply.data {
                guard let data = Data(base64Encoded: text) else { throw ConnectionError.malformed("no data") }
                try archive.add(Array(data))
            }
            Output.live("\(Format.count(archive.count, "file")), \(Format.bytes(archive.bytes))")
            return target != nil || Output.isOpen ? .more : .stop
        }
        // What can't be written was told.
        guard target != nil || Output.isOpen else { return }
        try archive.end()
        Output.endLive()
        guard let target else { return }
        try target.commit()
        if common.json {
            try Output.object(Made(file: file, files: archive.count, bytes: archive.bytes))
        } else {
            Output.line("\(file): \(Format.count(archive.count, "file")), \(Format.bytes(archive.bytes))")
        }
    }

    private struct Made: Encodable {
        let file: String
        let files: Int
        let bytes: Int
    }
}
