internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// A model as another program's file, which a runner makes and the client takes: nothing of it is kept here, and it goes when
    /// either does.
    func exportModel(
        _ parameters: ModelsInterface.Export.Parameters, from peer: Peer, to replies: Replies
    ) async throws {
        try stopping.check()
        let model = try await store.model(parameters.model).model
        let runner = try await registry.entry(of: model.runner)
        guard runner.exports else {
            throw SqzError.invalidOption(
                option: "format", reason: "runner \(model.runner) writes models only as they are")
        }
        // What waits holds neither a place nor a process.
        try await exporting.take(peer) {
            try await exports.run { try await export(model, by: runner, parameters, to: replies) }
        }
    }

    private func export(
        _ model: Model, by runner: RunnerRegistry.Entry, _ parameters: ModelsInterface.Export.Parameters,
        to replies: Replies
    ) async throws {
        let blobs = blobs
        let path = try await onDisk {
            try blobs.verified(model.sha256, of: "model \(model.name)@\(model.version)")
        }
        let request = RunnerInterface.Export.Parameters(
            model: path, format: parameters.format, floatInput: parameters.floatInput)
        let log = RunnerJournal(log, [:])
        let pace = Pace(seconds: Limits.exportPieceSeconds)
        try await pace.keep("the export of \(model.name)@\(model.version)") {
            try await RunnerLink.with(runner.info.path, configuration.current, log: { log.write($0) }) { link in
                var passed = 0
                var last: ModelsInterface.Export.Reply?
                try await link.stream(RunnerInterface.Export.self, request) { reply in
                    passed += try reply.checkedCount()
                    guard last == nil, passed <= reply.size else {
                        throw SqzError.runnerFailed(reason: "it sent more than the \(reply.size) bytes of its file")
                    }
                    let piece = ModelsInterface.Export.Reply(
                        data: reply.data, size: reply.size, module: reply.module)
                    if passed == reply.size {
                        last = piece
                    } else {
                        try await replies.send(piece, continues: true)
                    }
                    pace.step()
                }
                guard let last else {
                    throw SqzError.runnerFailed(reason: "it sent only \(passed) bytes of its file")
                }
                try await replies.send(last)
            }
        }
    }
}
