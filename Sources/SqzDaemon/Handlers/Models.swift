internal import JobStore
internal import SqzProtocol

extension Handlers {
    func models() async throws -> ModelsInterface.List.Reply { .init(models: try await store.models()) }

    func model(_ parameters: ModelsInterface.Show.Parameters) async throws -> ModelsInterface.Show.Reply {
        let stored = try await store.model(parameters.model)
        return .init(model: stored.model, layers: stored.layers)
    }
}
