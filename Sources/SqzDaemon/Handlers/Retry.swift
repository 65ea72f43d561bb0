internal import SqzProtocol

extension Handlers {
    func retry(_ parameters: JobsInterface.Retry.Parameters, from peer: Peer) async throws -> JobsInterface.Retry.Reply
    {
        .init(
            job: try await putBack(
                parameters.id, from: [.failed, .cancelled], parameters.ranks, parameters.launcher,
                "retried by uid \(peer.uid)", by: peer))
    }
}
