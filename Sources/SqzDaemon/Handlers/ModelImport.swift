internal import FoundationEssentials
internal import JobStore
internal import Logging
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// Has a runner tell what an uploaded model is, and where another program wrote it make one of ours of it, and registers that.
    func importModel(
        _ parameters: ModelsInterface.Import.Parameters, from peer: Peer
    ) async throws -> ModelsInterface.Import.Reply {
        try stopping.check()
        let uploads = uploads
        // One call alone takes the file away.
        return try await uploads.turns.take(Uploads.key(parameters.sha256, by: peer.uid)) {
            do { return try await registerModel(parameters, from: peer) } catch {
                // What is no model will not become one, and another name or word is another call: nothing of it waits here for a day.
                switch error {
                case SqzError.badModel, SqzError.invalidOption:
                    try await onDisk { try uploads.remove(parameters.sha256, by: peer.uid) }
                default: break
                }
                throw error
            }
        }
    }

    /// The path of an uploaded file, and how much of the user's place on the disk it has. Where another call of theirs has made a model of
    /// it meanwhile, that is copied.
    private func uploaded(_ sha256: String, by peer: Peer, copy: String) async throws -> (path: String, bytes: Int) {
        let (uploads, blobs) = (uploads, blobs)
        do {
            return try await onDisk {
                (try uploads.finished(sha256, by: peer.uid), try uploads.size(of: sha256, by: peer.uid))
            }
        } catch {
            guard case SqzError.noSuchUpload = error,
                try await store.models().contains(where: { $0.sha256 == sha256 && $0.uid == Int(peer.uid) }),
                try await onDisk({ try StateDirectory.copy(blobs.path(sha256), to: copy) }) != nil
            else { throw error }
            return (copy, 0)
        }
    }

    private func registerModel(
        _ parameters: ModelsInterface.Import.Parameters, from peer: Peer
    ) async throws -> ModelsInterface.Import.Reply {
        let modelName = try await checkName(parameters.name, of: .model, option: "name", by: peer)
        let (uploads, blobs) = (uploads, blobs)
        let runner = try await registry.classifier()
        let name = UUID().uuidString
        let model: Model
        let made: RunnerInterface.Convert.Reply
        do {
            let (path, uploaded) = try await uploaded(
                parameters.sha256, by: peer, copy: "\(state.imports)/\(name)-uploaded")
            made = try await imports.run {
                try await inspected(path, by: runner, parameters, output: "\(state.imports)/\(name)")
            }
            let isConverted = !made.model.file.isEmpty
            let output = "\(state.imports)/\(name)"
            let sealed = try await onDisk { try blobs.seal(isConverted ? output : path) }
            // The upload goes.
            if isConverted { try await disk.require(sealed.size - uploaded, for: peer.uid) }
            model = try await store.addModel(
                NewModel(
                    name: modelName, sha256: sealed.sha256, size: sealed.size, runner: runner.info.name,
                    made: made.model, publisher: Publisher(peer, configuration), warning: made.model.warning),
                at: Clock.now()
            ) { try blobs.place(sealed) }
            if isConverted { try await onDisk { try uploads.remove(parameters.sha256, by: peer.uid) } }
        } catch {
            try await removeLeftovers(name)
            throw error
        }
        try await removeLeftovers(name)
        await warm.keepPinned()
        return .init(model: model, remarks: made.remarks)
    }

    /// - Parameter output: where a model of ours is written, if the file is none.
    private func inspected(
        _ path: String, by runner: RunnerRegistry.Entry, _ parameters: ModelsInterface.Import.Parameters,
        output: String
    ) async throws -> RunnerInterface.Convert.Reply {
        let log = RunnerJournal(log, [:])
        return try await RunnerLink.with(runner.info.path, configuration.current, log: { log.write($0) }) { link in
            guard runner.converts else {
                let chosen =
                    parameters.classes.map { _ in "classes" } ?? parameters.preprocessing.map { _ in "preprocessing" }
                if let chosen {
                    throw SqzError.invalidOption(
                        option: chosen, reason: "runner \(runner.info.name) takes models only as they are")
                }
                return .init(
                    model: try await link.call(
                        RunnerInterface.Inspect.self, .init(model: path), within: Limits.inspectSeconds
                    ).model.checked())
            }
            var reply = try await link.call(
                RunnerInterface.Convert.self,
                .init(
                    model: path, output: output, classes: parameters.classes, preprocessing: parameters.preprocessing),
                within: Limits.inspectSeconds)
            reply.model = try reply.model.checked()
            reply.remarks = reply.remarks?.prefix(Limits.importRemarks).map(\.shortened)
            return reply
        }
    }
}
