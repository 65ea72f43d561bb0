internal import SqzProtocol

extension Handlers {
    func pause(_ parameters: JobsInterface.Pause.Parameters, from peer: Peer) async throws -> JobsInterface.Pause.Reply
    {
        .init(job: try await change(parameters.id, to: .paused, from: [.queued], "paused by uid \(peer.uid)", by: peer))
    }
}
