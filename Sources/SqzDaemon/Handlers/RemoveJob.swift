internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    func removeJob(_ parameters: JobsInterface.Remove.Parameters, from peer: Peer) async throws -> NoParameters {
        let job = try await store.job(parameters.id)
        try authorize(peer, for: job.uid)
        try await store.remove(job.id)
        // A daemon that is killed here removes them when it starts.
        let state = state
        try await onDisk { try state.remove(job.id) }
        housekeeping.wake()
        announcer.watchers.publishChange()
        log.info(
            "job \(job.id) (\(job.kind)) removed by uid \(peer.uid)",
            metadata: ["SQZ_JOB": "\(job.id)", "SQZ_UID": "\(peer.uid)", "SQZ_EVENT": "removed"])
        return NoParameters()
    }
}
