internal import FoundationEssentials
internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func datasets() async throws -> DatasetsInterface.List.Reply { .init(datasets: try await store.datasets()) }

    func dataset(_ parameters: DatasetsInterface.Show.Parameters) async throws -> DatasetsInterface.Show.Reply {
        .init(dataset: try await store.dataset(parameters.dataset))
    }

    func removeDataset(_ parameters: DatasetsInterface.Remove.Parameters, from peer: Peer) async throws -> NoParameters
    {
        let dataset = try await store.dataset(parameters.dataset)
        try authorize(peer, for: dataset.uid)
        let blobs = blobs
        try await store.removeDataset(dataset.name, by: Int(peer.uid), at: Clock.now()) { try blobs.remove($0) }
        return NoParameters()
    }

    func offer(_ parameters: DatasetsInterface.Offer.Parameters, from peer: Peer) async throws
        -> DatasetsInterface.Offer.Reply
    {
        let uploads = uploads
        let (sha256, size) = (parameters.sha256, parameters.size)
        try await makeRoom(sha256, size: size, for: peer)
        housekeeping.wake()
        return .init(offset: try await onDisk { try uploads.offer(sha256, size: size, by: peer.uid) })
    }

    func write(_ parameters: DatasetsInterface.Write.Parameters, from peer: Peer) async throws
        -> DatasetsInterface.Write.Reply
    {
        guard parameters.data.utf8.count <= (Limits.chunkBytes + 2) / 3 * 4 else {
            throw SqzError.tooLarge(what: "bytes in a chunk", limit: Limits.chunkBytes)
        }
        guard let bytes = Data(base64Encoded: parameters.data) else {
            throw ServiceError.invalidParameter(parameter: "data")
        }
        let (uploads, sha256) = (uploads, parameters.sha256)
        // Who waited here would keep a turn, for which an upload waits at each of its pieces.
        let offset = try await uploads.turns.takeIfFree(Uploads.key(sha256, by: peer.uid)) {
            try await onDisk { try uploads.write(Array(bytes), at: parameters.offset, to: sha256, by: peer.uid) }
        }
        if let offset { return .init(offset: offset) }
        throw SqzError.wrongOffset(
            sha256: sha256, offset: try await onDisk { try uploads.held(sha256, by: peer.uid) })
    }
}
