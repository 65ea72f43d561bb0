internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

struct Disk: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is on the disk, by user and kind, and what of it can go.",
        discussion: """
            For example:
              sqzctl disk
              sqzctl disk --user alice

            What can go: sqzctl prune removes it. Data sets and models go by sqzctl dataset rm and model rm alone.
            """)

    @Option(help: "Only what this user has, by name or number.") var user: String?
    @OptionGroup var common: Common

    func run() throws {
        let uid = try user.map(Users.uid)
        try Daemon(common).show(ManagerInterface.Disk.self, NoParameters()) { reply in
            let order = Dictionary(uniqueKeysWithValues: DiskKind.allCases.enumerated().map { ($1, $0) })
            let parts = reply.parts.filter { uid == nil || $0.uid == uid }.sorted {
                ($0.uid, order[$0.what] ?? 0) < ($1.uid, order[$1.what] ?? 0)
            }
            if !parts.isEmpty { Table(parts, Self.columns).print() }
            var fields = Fields()
            for (uid, mine) in Dictionary(grouping: parts, by: \.uid).sorted(by: { $0.key < $1.key }) {
                fields.add(Format.user(uid), Self.share(mine, reply.userLimit))
            }
            if uid == nil { fields.add("all users", Self.share(parts, reply.limit)) }
            let unused = reply.databaseUnused > 0 ? ", of which \(Format.bytes(reply.databaseUnused)) are unused" : ""
            fields.add("records", "\(Format.bytes(reply.database)) with all predictions\(unused)")
            let reserve = reply.reserve > 0 ? ", of which \(Format.bytes(reply.reserve)) stay free" : ""
            fields.add("free", Format.bytes(reply.freeDisk) + reserve)
            fields.print()
        }
    }

    private static func share(_ parts: [DiskPart], _ limit: Int) -> String {
        "\(Format.bytes(parts.reduce(0) { $0 + $1.bytes })) of \(Format.bytes(limit))"
    }

    private static let columns: [Column<DiskPart>] = [
        .text("USER") { Format.user($0.uid) },
        .text("WHAT") { $0.what == .datasets ? "data sets" : $0.what.rawValue },
        .number("COUNT") { Format.number($0.count) }.detail(2),
        .number("SIZE") { Format.bytes($0.bytes) },
        .number("CAN GO") { $0.removable == 0 ? "-" : Format.bytes($0.removableBytes) },
        .number("OF") { $0.removable == 0 ? "-" : Format.number($0.removable) }.detail(1),
    ]
}
