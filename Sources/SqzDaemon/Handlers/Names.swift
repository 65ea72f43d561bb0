internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// A name to publish under, as it is now, of the kind: refused where it can't be one, or where it is another's.
    func checkName(
        _ name: String, of kind: NamedKind, option: String, by peer: Peer
    ) async throws -> String {
        try Self.checkForm(of: name, option: option)
        return try await store.checkName(name, of: kind, option: option, by: Publisher(peer, configuration))
    }

    /// Refuses a name that a table, a path or `NAME@VERSION` could not hold: it is NAME or USER/NAME.
    static func checkForm(of name: String, option: String) throws {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy(isName) else {
            throw SqzError.invalidOption(
                option: option,
                reason: """
                    a name is letters, digits, '.', '_' and '-', \(Limits.nameBytes) at most, and begins with none of '.-'; \
                    before it may be its user's name and a slash
                    """)
        }
    }

    /// A name that is no number.
    static func isWord(_ text: String) -> Bool {
        isName(text)
            && text.utf8.contains {
                (UInt8(ascii: "A")...UInt8(ascii: "z")).contains($0) && $0 != UInt8(ascii: "_")
            }
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.count <= Limits.nameBytes && !text.hasPrefix(".") && !text.hasPrefix("-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// Refuses who does not own a model's name, unless an administrator.
    func authorize(_ peer: Peer, forModel text: String) async throws {
        try authorize(peer, for: try await store.owner(ofModel: text))
    }

    /// Refuses who is no administrator, and a uid that is none.
    private func authorizeGift(_ peer: Peer, to uid: Int) throws {
        guard try peer.isAdministrator(group: configuration.current.administrators) else {
            throw ServiceError.permissionDenied
        }
        // (uid_t) -1 means nobody to the system.
        guard let uid = UInt32(exactly: uid), uid < .max else { throw ServiceError.invalidParameter(parameter: "uid") }
    }

    func giveModel(_ parameters: ModelsInterface.Give.Parameters, from peer: Peer) async throws -> NoParameters {
        try authorizeGift(peer, to: parameters.uid)
        try await store.giveModel(parameters.name, to: parameters.uid)
        // Another version may be its owner's newest.
        await warm.keepPinned()
        log.info(
            "model \(parameters.name) was given to uid \(parameters.uid)",
            metadata: ["SQZ_MODEL": "\(parameters.name)", "SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "given"])
        return NoParameters()
    }

    func giveDataset(_ parameters: DatasetsInterface.Give.Parameters, from peer: Peer) async throws -> NoParameters {
        try authorizeGift(peer, to: parameters.uid)
        try await store.giveDataset(parameters.dataset, to: parameters.uid)
        log.info(
            "data set \(parameters.dataset) was given to uid \(parameters.uid)",
            metadata: ["SQZ_DATASET": "\(parameters.dataset)", "SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "given"])
        return NoParameters()
    }

    func rename(_ parameters: ModelsInterface.Rename.Parameters, from peer: Peer) async throws -> NoParameters {
        try await authorize(peer, forModel: parameters.name)
        try Self.checkForm(of: parameters.to, option: "to")
        var owner: Int?
        if let slash = parameters.to.firstIndex(of: "/") {
            let user = String(parameters.to[..<slash])
            owner = try Users.uid(of: user)
            guard owner != nil else {
                throw SqzError.invalidOption(
                    option: "to", reason: "a name before a slash is a user's; there is no user \(user)")
            }
        }
        try await store.rename(parameters.name, to: parameters.to, ownedBy: owner)
        await warm.renamed(parameters.name)
        log.info(
            "model \(parameters.name) is called \(parameters.to)",
            metadata: ["SQZ_MODEL": "\(parameters.to)", "SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "renamed"])
        return NoParameters()
    }
}

extension Publisher {
    init(_ peer: Peer, _ configuration: LiveConfiguration) {
        self.init(
            uid: Int(peer.uid),
            isAdministrator: { try peer.isAdministrator(group: configuration.current.administrators) },
            user: { try Users.uid(of: $0) }, prefix: { try Users.prefix(of: peer.uid) })
    }
}
