internal import JobStore
internal import SqzProtocol
internal import Varlink

extension Handlers {
    /// One picture of a data set, which a runner gets out of it.
    func datasetPicture(
        _ parameters: DatasetsInterface.Picture.Parameters
    ) async throws -> DatasetsInterface.Picture.Reply {
        try stopping.check()
        guard (parameters.picture == nil) != (parameters.file == nil) else {
            throw SqzError.invalidOption(option: "picture", reason: "give either its number or its file")
        }
        let dataset = try await store.dataset(parameters.dataset)
        let request = RunnerInterface.Picture.Parameters(
            dataset: blobs.path(dataset.sha256), split: parameters.split, picture: parameters.picture,
            file: parameters.file)
        let log = RunnerJournal(log, [:])
        let found = try await imports.run {
            try await RunnerLink.with(
                try await registry.importer(), configuration.current, log: { log.write($0) }
            ) { link in
                try await link.call(RunnerInterface.Picture.self, request, within: Limits.inspectSeconds).checked()
            }
        }
        return .init(
            data: found.data, picture: found.picture, label: found.label, className: found.className, file: found.file)
    }
}
